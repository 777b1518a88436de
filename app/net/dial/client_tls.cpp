#include "relay_gateway/app/net/dial/client_tls.hpp"

#include "relay_gateway/app/net/dial/tls.hpp"

#include <map>
#include <string>
#include <sys/stat.h>
#include <utility>

namespace relay::net {

namespace ssl = boost::asio::ssl;

namespace {

/// Changes with the file's content: programs that renew certificates replace the file or write it anew.
std::string stamp_of(const std::string& path) {
  struct stat x {};
  if (path.empty() || ::stat(path.c_str(), &x) != 0) return "-";
  return std::to_string(x.st_dev) + ':' + std::to_string(x.st_ino) + ':' + std::to_string(x.st_size) + ':' +
         std::to_string(x.st_mtim.tv_sec) + '.' + std::to_string(x.st_mtim.tv_nsec) + ':' +
         std::to_string(x.st_ctim.tv_sec) + '.' + std::to_string(x.st_ctim.tv_nsec);
}

std::string key_of(const config::tls_settings& x) {
  std::string out;
  for (const auto* path : {&x.ca_file, &x.cert_file, &x.key_file})
    out += *path + '\0' + stamp_of(*path) + '\0';
  return out;
}

/// Contexts that some port still holds. Whoever asks for one that is being made waits for it.
class context_table {
public:
  std::shared_ptr<ssl::context> get(const config::tls_settings& what, std::string& error) {
    const auto key = key_of(what);
    std::lock_guard guard{lock_};
    auto& known = known_[key];
    if (auto x = known.lock()) return x;
    auto made = make_client_tls(what, error);
    known = made;
    std::erase_if(known_, [](const auto& x) { return x.second.expired(); });
    return made;
  }

private:
  std::mutex lock_;
  std::map<std::string, std::weak_ptr<ssl::context>> known_;
};

context_table& contexts() {
  static context_table all;
  return all;
}

} // namespace

std::shared_ptr<ssl::context> client_tls::get(std::string& error) {
  auto next = contexts().get(what_, error);
  std::lock_guard guard{lock_};
  if (next) last_ = next;
  return next;
}

} // namespace relay::net
