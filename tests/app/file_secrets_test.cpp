#include "relay_gateway/app/files/file_secrets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

namespace relay {
namespace file_secrets_test {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

struct disk {
  std::map<std::string, std::string> files{
      {"/home/hermes/config.yaml", "gateway:\n  relay_url: https://c.example\n  admin_token: in-the-file\n"},
      {"/s/relay", "first"},
      {"/s/token", "t"}};
  config::sources sources() const {
    config::sources x;
    x.environment = {{"GATEWAY_RELAY_ID", "gw"},
                     {"GATEWAY_RELAY_SECRET_FILE", "/s/relay"},
                     {"GATEWAY_RELAY_ACCESS_TOKEN_FILE", "/s/token"}};
    x.config_file = "/home/hermes/config.yaml";
    x.reader = [this](const std::string& path) -> std::optional<std::string> {
      auto it = files.find(path);
      return it == files.end() ? std::nullopt : std::optional{it->second};
    };
    return x;
  }
};

TEST(FileSecrets, TheResolverKnowsWhichFilesWereRead) {
  disk all;
  watching_resolver x{[&] { return all.sources(); }};
  EXPECT_EQ(x.resolve().values.relay.gateway_secret, secret{"first"});
  EXPECT_THAT(x.files(), UnorderedElementsAre("/s/relay", "/s/token"));
}

TEST(FileSecrets, OnlySecretsOfFilesComeWithoutAReload) {
  disk all;
  watching_resolver x{[&] { return all.sources(); }};
  auto running = x.resolve().values;
  all.files["/s/relay"] = "second";
  all.files["/home/hermes/config.yaml"] = "gateway:\n  relay_url: https://half.edited\n  admin_token: new\n";
  auto next = with_file_secrets(running, x.resolve());
  EXPECT_EQ(next.relay.gateway_secret, secret{"second"});
  EXPECT_EQ(next.relay.url, "https://c.example");
  EXPECT_EQ(next.service.admin_token, secret{"in-the-file"});
}

} // namespace file_secrets_test
} // namespace relay
