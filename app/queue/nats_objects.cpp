#include "relay_gateway/app/queue/nats_objects.hpp"

#include "relay_gateway/app/system_ports.hpp"
#include "relay_gateway/config/values/text.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace relay::queue {

namespace {

constexpr std::int64_t connect_timeout_ms = 3'000;
constexpr const char* system_certificates = "/etc/ssl/certs/ca-certificates.crt";

bool is_tls(const std::vector<std::string>& servers) {
  return std::any_of(servers.begin(), servers.end(), [](const auto& x) { return x.starts_with("tls://"); });
}

natsStatus set_tls(natsOptions* to, const config::tls_settings& x) {
  auto status = natsOptions_SetSecure(to, true);
  const auto* trusted = x.ca_file.empty() ? system_certificates : x.ca_file.c_str();
  if (status == NATS_OK) status = natsOptions_LoadCATrustedCertificates(to, trusted);
  if (status == NATS_OK && !x.cert_file.empty())
    status = natsOptions_LoadCertificatesChain(to, x.cert_file.c_str(), x.key_file.c_str());
  return status;
}

/// The value, or what its file holds now.
bool read_secret(const config::secret_source& from, secret& out, std::string& why) {
  out = from.value;
  return from.file.empty() || make_secret_files()->read(from.file, out, why);
}

/// False with `why` when a file of them cannot be read.
bool set_credentials(natsOptions* to, const config::nats_settings& x, std::string& why) {
  auto status = NATS_OK;
  if (!x.credentials_file.empty())
    status = natsOptions_SetUserCredentialsFromFiles(to, x.credentials_file.c_str(), nullptr);
  secret password, token;
  if (!read_secret(x.password, password, why) || !read_secret(x.token, token, why)) return false;
  if (status == NATS_OK && !x.user.empty())
    status = natsOptions_SetUserInfo(to, x.user.c_str(), password.reveal().c_str());
  if (status == NATS_OK && !token.empty()) status = natsOptions_SetToken(to, token.reveal().c_str());
  if (status != NATS_OK) why = last_error(status);
  return status == NATS_OK;
}

} // namespace

std::string last_error(natsStatus status) {
  const auto* text = nats_GetLastError(nullptr);
  std::string out = natsStatus_GetText(status);
  if (text != nullptr && *text != '\0' && out != text) out += std::string{": "} + text;
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < ' '; }, ' ');
  return out;
}

options_handle options_of(const nats_options& what, std::string& why) {
  natsOptions* made = nullptr;
  auto status = natsOptions_Create(&made);
  options_handle out{made};
  const auto servers = config::split_list(what.servers);
  std::vector<const char*> urls;
  urls.reserve(servers.size());
  for (const auto& x : servers) urls.push_back(x.c_str());
  if (status == NATS_OK) status = natsOptions_SetServers(made, urls.data(), static_cast<int>(urls.size()));
  if (status == NATS_OK) status = natsOptions_SetTimeout(made, connect_timeout_ms);
  if (status == NATS_OK && is_tls(servers)) status = set_tls(made, what.tls);
  if (status != NATS_OK) {
    why = last_error(status);
    return nullptr;
  }
  return set_credentials(made, what.nats, why) ? std::move(out) : nullptr;
}

} // namespace relay::queue
