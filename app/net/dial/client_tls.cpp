#include "relay_gateway/app/net/dial/client_tls.hpp"

#include "relay_gateway/app/net/dial/tls.hpp"

#include <map>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <thread>
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

/// Of its files, with what is in them (`stamped`) or without.
std::string key_of(const config::tls_settings& x, bool stamped) {
  std::string out;
  for (const auto* path : {&x.ca_file, &x.cert_file, &x.key_file})
    out += *path + '\0' + (stamped ? stamp_of(*path) : std::string{}) + '\0';
  return out;
}

/// Contexts that some port still holds, and loads that are under way. Its threads may outlive everything
/// else.
class context_table : public std::enable_shared_from_this<context_table> {
public:
  std::shared_ptr<tls_load> load(const config::tls_settings& what, const client_tls::maker& make) {
    const auto files = key_of(what, false);
    auto fresh = std::make_shared<tls_load>();
    {
      std::lock_guard guard{lock_};
      auto [it, first] = loads_.try_emplace(files, fresh);
      if (!first) return it->second;
    }
    try {
      std::thread([self = shared_from_this(), what, make, files, fresh] {
        self->run(what, make, files, *fresh);
      }).detach();
    } catch (const std::system_error& x) {
      forget(files);
      fresh->end(nullptr, std::string{"no thread can be made to read the TLS files: "} + x.what());
    }
    return fresh;
  }

private:
  void run(const config::tls_settings& what, const client_tls::maker& make, const std::string& files,
           tls_load& out) {
    std::string error;
    tls_load::result made;
    try {
      const auto key = key_of(what, true);
      made = known(key);
      if (!made) made = make(what, error);
      remember(key, made);
    } catch (const std::exception& x) { // no memory, say
      error = x.what();
    }
    forget(files);
    out.end(std::move(made), std::move(error));
  }
  tls_load::result known(const std::string& key) {
    std::lock_guard guard{lock_};
    const auto it = known_.find(key);
    return it == known_.end() ? nullptr : it->second.lock();
  }
  void remember(const std::string& key, const tls_load::result& made) {
    std::lock_guard guard{lock_};
    known_[key] = made;
    std::erase_if(known_, [](const auto& x) { return x.second.expired(); });
  }
  void forget(const std::string& files) {
    std::lock_guard guard{lock_};
    loads_.erase(files);
  }

  std::mutex lock_;
  std::map<std::string, std::weak_ptr<ssl::context>> known_;
  std::map<std::string, std::shared_ptr<tls_load>> loads_;
};

context_table& contexts() {
  static const auto all = std::make_shared<context_table>();
  return *all;
}

} // namespace

bool tls_load::ended(std::chrono::milliseconds limit) const {
  std::unique_lock guard{lock_};
  return changed_.wait_for(guard, limit, [this] { return ended_; });
}

tls_load::result tls_load::take(std::string& error) const {
  std::lock_guard guard{lock_};
  error = ended_ ? error_ : "the TLS files could not be read in time; their file system may hang";
  return made_;
}

void tls_load::end(result made, std::string error) {
  {
    std::lock_guard guard{lock_};
    made_ = std::move(made);
    error_ = std::move(error);
    ended_ = true;
  }
  changed_.notify_all();
}

client_tls::client_tls(config::tls_settings what) : client_tls(std::move(what), make_client_tls) {}

std::shared_ptr<tls_load> client_tls::load() {
  std::lock_guard guard{lock_};
  if (newest_) {
    std::string ignored;
    if (auto made = newest_->take(ignored)) {
      last_ = std::move(made);
      if (what_.ca_file.empty() && what_.cert_file.empty()) return newest_; // no file that could have changed
    }
  }
  newest_ = contexts().load(what_, make_);
  return newest_;
}

tls_load::result client_tls::get(std::string& error) {
  const auto next = load();
  (void)next->ended(patience);
  return next->take(error);
}

} // namespace relay::net
