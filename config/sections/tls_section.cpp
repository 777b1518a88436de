#include "relay_gateway/config/sections/tls_section.hpp"

#include "relay_gateway/config/sources/read_file.hpp"

namespace relay::config {

namespace {

/// A file may be mounted later, so the path stays; a dial without it fails and is tried again, never
/// weakened.
void check_readable(reading& in, const entry& x, const std::string& path) {
  if (path.empty()) return;
  auto content = in.file(path);
  if (!content.text)
    in.wrong(x.key, in.where(x), unreadable_file(content), "connections fail until it can be read");
  secret gone{content.text ? std::move(*content.text) : std::string{}};
}

} // namespace

tls_settings read_tls(reading& in) {
  tls_settings result;
  result.ca_file = in.path(keys::tls_ca_file);
  result.cert_file = in.path(keys::tls_cert_file);
  result.key_file = in.path(keys::tls_key_file);
  if (result.cert_file.empty() != result.key_file.empty()) {
    const auto& has = result.cert_file.empty() ? keys::tls_key_file : keys::tls_cert_file;
    in.wrong(has.key, in.where(has),
             result.cert_file.empty() ? "is set without cert_file" : "is set without key_file",
             "no client certificate is used");
    result.cert_file.clear();
    result.key_file.clear();
    in.revert(keys::tls_cert_file, "");
    in.revert(keys::tls_key_file, "");
  }
  check_readable(in, keys::tls_ca_file, result.ca_file);
  check_readable(in, keys::tls_cert_file, result.cert_file);
  check_readable(in, keys::tls_key_file, result.key_file);
  return result;
}

} // namespace relay::config
