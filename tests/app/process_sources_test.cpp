// What a process resolves its settings from.
#include "relay_gateway/app/process_sources.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace relay::config {
namespace {

TEST(process, sources_of_this_process) {
  auto path = ::testing::TempDir() + "relay_config_sources_test";
  std::ofstream{path} << "text";
  ASSERT_EQ(::setenv("RELAY_CONFIG_TEST", "a=b", 1), 0);
  auto x = process_sources({{"agent", "echo"}}, path);
  EXPECT_EQ(x.environment.at("RELAY_CONFIG_TEST"), "a=b");
  EXPECT_EQ(x.reader(path).text, "text");
  EXPECT_TRUE(x.exists(path));
  EXPECT_EQ(x.reader(path + ".none").why, "No such file or directory");
  EXPECT_FALSE(x.exists(path + ".none"));
  EXPECT_EQ(x.reader(::testing::TempDir()).why, "not a regular file");
  EXPECT_EQ(x.reader("/dev/zero").text, std::nullopt) << "would never end";
  EXPECT_EQ(x.flags.at("agent"), "echo");
  EXPECT_EQ(x.config_file, path);
  EXPECT_FALSE(x.hostname.empty());
  std::remove(path.c_str());
  ::unsetenv("RELAY_CONFIG_TEST");
}

} // namespace
} // namespace relay::config
