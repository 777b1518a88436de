#include "app/connector/console_page.hpp"
namespace relay::connector {
std::string console_page(std::string_view) { return {}; }
std::string console_policy(std::string_view) { return {}; }
} // namespace relay::connector
