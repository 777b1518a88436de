#include "messages/wire/json_document.hpp"

#include "messages/wire/json_scan.hpp"

#include <openssl/crypto.h>

#include <cstring>

namespace relay::wire::json {

document::memory::~memory() {
  if (!sensitive) return;
  // Short strings live inside the values, the others in the text.
  OPENSSL_cleanse(values.data(), values.size());
  OPENSSL_cleanse(stack.data(), stack.size());
  OPENSSL_cleanse(text.data(), text.size());
  if (long_text) OPENSSL_cleanse(long_text.get(), long_size);
}

bool document::parse(std::string_view text) {
  doc_.SetNull();
  // Before anything is built: a parsed value of hostile depth could not even be destroyed safely.
  switch (check_text(text, max_depth)) {
  case text_fault::none: break;
  case text_fault::nul: why_ = refusal::not_json; return false;
  case text_fault::utf8: why_ = refusal::bad_utf8; return false;
  case text_fault::depth: why_ = refusal::too_deep; return false;
  }
  char* copy = room_.text.data();
  if (text.size() >= room_.text.size()) {
    room_.long_text = std::make_unique_for_overwrite<char[]>(text.size() + 1);
    room_.long_size = text.size();
    copy = room_.long_text.get();
  }
  if (!text.empty()) std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  constexpr unsigned flags =
      rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag;
  doc_.ParseInsitu<flags>(copy);
  if (doc_.HasParseError()) {
    doc_.SetNull();
    why_ = refusal::not_json;
    return false;
  }
  return true;
}

} // namespace relay::wire::json
