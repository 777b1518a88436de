// Where people log in (settings.md, login store): it gives pairs of tokens, and a refresh token works once.
// With it whoever else on the gateway's machine uses that login.
#pragma once

#include "relay_gateway/tests/sim/models/plan.hpp"
#include "relay_gateway/tests/sim/ports/files.hpp"
#include "relay_gateway/tests/sim/ports/http.hpp"
#include "relay_gateway/tests/sim/ports/process.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace relay::sim {

class identity_provider {
public:
  identity_provider(stage on, const plan& p, shared_files& files);

  /// What the machine's login store holds when the run begins; somebody who is not logged in does so later.
  void begin();
  /// POST <portal>/api/oauth/token.
  http_response refresh(const http_request& what);
  /// A bearer that may provision now.
  bool knows(const std::string& access_token) const;
  /// What the login store holds still works, or can be renewed.
  bool usable() const;
  static bool is_asked(const http_request& what) { return what.url.ends_with("/api/oauth/token"); }

  // -- what people and programs do
  void log_in();
  void log_out();
  /// As the gateway would: under the lock, when it is time.
  void renew();
  /// A program that holds the lock for long and changes nothing.
  void keep_busy(usec span);

private:
  struct tokens {
    std::string access, refresh;
    std::int64_t until = 0; ///< of the access token, unix seconds; 0 = not told
  };
  std::int64_t now_s() const { return wall_start_ms / 1000 + on_.time.now().count() / 1'000'000; }
  tokens issue(std::int64_t lives_s, bool told);
  std::string store_text(const tokens& x);
  std::string iso_time(std::int64_t unix_s);

  stage on_;
  const plan& plan_;
  shared_files& files_;
  seeded_rng rng_;
  std::string refresh_;                      ///< the one that works
  std::map<std::string, std::int64_t> good_; ///< access token -> its end
  std::uint64_t numbers_ = 0;
};

} // namespace relay::sim
