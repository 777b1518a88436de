// Host names that no person has given.
#pragma once

#include <string_view>

namespace relay::config {

/// Whether a container engine or an orchestrator made this name up for one container: 12 or 64 hexadecimal
/// digits (Docker, Podman), or a pod of a Kubernetes Deployment (`name-5d4f8c7b9d-x2x7k`). The next container
/// has another one. A pod of a StatefulSet (`name-0`) keeps its name.
bool is_generated_host_name(std::string_view host) noexcept;

} // namespace relay::config
