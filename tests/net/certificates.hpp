// A certificate authority that is made for one test and gone with it. No key is ever committed.
#pragma once

#include <memory>
#include <string>

namespace relay::net_test {

/// Files in a directory of its own, removed at the end.
class authority {
public:
  authority();
  authority(const authority&) = delete;
  authority& operator=(const authority&) = delete;
  ~authority();

  struct pair {
    std::string cert_file, key_file;
  };
  const std::string& ca_file() const;
  /// Signs a certificate; `alternative_name` is OpenSSL's: "DNS:localhost,IP:127.0.0.1".
  pair issue(const std::string& alternative_name, bool expired = false);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace relay::net_test
