#include "relay_gateway/app/files/file_secrets.hpp"

#include "relay_gateway/config/catalogue.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace relay {

namespace {

/// How the listing of a resolution says that a value stood in a file of its own (config/README.md).
constexpr std::string_view from_a_file = "file of ";

bool came_from_a_file(const config::resolution& x, const config::entry& key) {
  return std::any_of(x.listing.begin(), x.listing.end(), [&](const config::effective& row) {
    return row.key == key.key && std::string_view{row.source}.substr(0, from_a_file.size()) == from_a_file;
  });
}

} // namespace

struct watching_resolver::impl {
  std::function<config::sources()> from;
  resolve_function how = nullptr;
  std::mutex lock;
  std::vector<std::string> files;
};

watching_resolver::watching_resolver(std::function<config::sources()> from, resolve_function how)
    : impl_(std::make_shared<impl>()) {
  impl_->from = std::move(from);
  impl_->how = how;
}

config::resolution watching_resolver::resolve() const {
  auto from = impl_->from();
  std::set<std::string> read;
  auto reader = std::exchange(from.reader, nullptr);
  from.reader = [&](const std::string& path) -> config::file_content {
    read.insert(path);
    return reader ? reader(path) : config::file_content{std::nullopt};
  };
  auto out = impl_->how(from);
  read.erase(out.config_path);
  std::erase_if(read, [](const std::string& path) {
    return path.size() >= 5 && path.compare(path.size() - 5, 5, "/.env") == 0;
  });
  std::lock_guard guard{impl_->lock};
  impl_->files.assign(read.begin(), read.end());
  return out;
}

std::vector<std::string> watching_resolver::files() const {
  std::lock_guard guard{impl_->lock};
  return impl_->files;
}

config::settings with_file_secrets(const config::settings& running, const config::resolution& next) {
  auto out = running;
  auto take = [&](const config::entry& key, secret& to, const secret& from) {
    if (came_from_a_file(next, key)) to = from;
  };
  const auto& x = next.values;
  take(config::keys::relay_secret, out.relay.gateway_secret, x.relay.gateway_secret);
  take(config::keys::relay_delivery_key, out.relay.delivery_key, x.relay.delivery_key);
  take(config::keys::idp_client_secret, out.idp.client_secret, x.idp.client_secret);
  take(config::keys::admin_token, out.service.admin_token, x.service.admin_token);
  take(config::keys::read_token, out.service.read_token, x.service.read_token);
  return out;
}

} // namespace relay
