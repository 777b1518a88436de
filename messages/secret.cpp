#include "relay_gateway/messages/secret.hpp"

#include <openssl/crypto.h>

namespace relay {

void secret::wipe() noexcept {
  // The capacity, not only the size: a moved-from or shortened string keeps old bytes behind its end.
  if (text_.capacity() > 0) {
    text_.resize(text_.capacity());
    OPENSSL_cleanse(text_.data(), text_.size());
    text_.clear();
  }
}

} // namespace relay
