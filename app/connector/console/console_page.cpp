#include "relay_gateway/app/connector/console/console_page.hpp"

#include "relay_gateway/app/connector/console/console_markup.hpp"
#include "relay_gateway/app/connector/console/console_script.hpp"
#include "relay_gateway/app/connector/console/console_style.hpp"

namespace relay::connector {

namespace {

void put(std::string& page, std::string_view mark, std::string_view text) {
  auto at = page.find(mark);
  if (at != std::string::npos) page.replace(at, mark.size(), text);
}

} // namespace

std::string console_page(std::string_view nonce) {
  std::string page{console_markup};
  put(page, "@style@", console_style);
  put(page, "@script@", console_script);
  put(page, "@nonce@", nonce); // the style's
  put(page, "@nonce@", nonce); // the script's
  return page;
}

std::string console_policy(std::string_view nonce) {
  std::string own = "'nonce-" + std::string{nonce} + "'";
  return "default-src 'none'; script-src " + own + "; style-src " + own +
         "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

} // namespace relay::connector
