// Descriptors 0 to 2, which must not become something else.
#pragma once

namespace relay::host {

/// Opens those of the descriptors 0, 1 and 2 that are closed on /dev/null. Otherwise the first files and
/// sockets of the process get these numbers, and a line for standard error ends up in one of them. To be
/// called before anything is opened.
void open_standard_streams() noexcept;

} // namespace relay::host
