// What a child of `exec:` gets to know, and what of its standard error becomes a note.
#include "relay_gateway/app/child/environment.hpp"
#include "relay_gateway/app/child/stderr_lines.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace relay::child {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using namespace std::chrono_literals;

class kept_log final : public log_port {
public:
  std::vector<std::string> lines;
  bool wants(severity) const noexcept override { return true; }
  void write(severity, std::string_view id, std::initializer_list<log_field> fields) noexcept override {
    std::string text{id};
    for (auto& x : fields) text += " " + x.value;
    lines.push_back(std::move(text));
  }
};

TEST(ChildEnvironment, HasEverythingButTheGatewaysOwn) {
  EXPECT_THAT(
      child_environment({"PATH=/bin", "HOME=/root", "HERMES_HOME=/h", "OPENAI_API_KEY=the-agent's-own",
                         "GATEWAY_RELAY_SECRET=a", "GATEWAY_RELAY_SECRET_FILE=/b", "GATEWAY_LISTEN=c",
                         "GATEWAY_SOMETHING_NEW=d", "HERMES_PORTAL_BASE_URL=e", "EMPTY="},
                        {}),
      ElementsAre("PATH=/bin", "HOME=/root", "HERMES_HOME=/h", "OPENAI_API_KEY=the-agent's-own", "EMPTY="));
}

TEST(ChildEnvironment, HasNoSecretUnderAnotherName) {
  config::settings with;
  with.relay.gateway_secret = secret{"sesame-one"};
  with.relay.delivery_key = secret{"sesame-two"};
  with.idp.client_secret = secret{"sesame-three"};
  with.idp.access_token.value = secret{"sesame-four"};
  with.service.admin_token = secret{"sesame-five"};
  with.service.secret_variables = {"PART"};
  EXPECT_THAT(child_environment({"A=sesame-one", "B=x sesame-two y", "C=sesame-three", "D=sesame-four",
                                 "E=sesame-five", "PART=ses", "F=sesame"},
                                with),
              ElementsAre("F=sesame"));
}

TEST(ChildEnvironment, KeepsAProxyWithoutAPassword) {
  config::settings with;
  with.service.proxy.https = secret{"http://user:word@proxy:1"};
  with.service.proxy.http = secret{"http://proxy:1"};
  EXPECT_THAT(child_environment({"HTTPS_PROXY=http://user:word@proxy:1", "http_proxy=http://proxy:1",
                                 "NO_PROXY=localhost", "MY_PROXY=http://user:word@proxy:1"},
                                with),
              ElementsAre("http_proxy=http://proxy:1", "NO_PROXY=localhost"));
}

TEST(ChildEnvironment, AShortSecretHidesNoOrdinaryText) {
  config::settings with;
  with.service.admin_token = secret{"a"};
  EXPECT_THAT(child_environment({"LANG=a"}, with), ElementsAre("LANG=a"));
}

class StderrLines : public ::testing::Test {
protected:
  std::shared_ptr<kept_log> log = std::make_shared<kept_log>();
  stderr_lines::instant now{};
  stderr_lines lines{log, {secret{"sesame-one"}}, now};
  std::vector<std::string>& noted() { return log->lines; }
};

TEST_F(StderrLines, AreNotesLineByLine) {
  lines.feed("first\nsec", now);
  EXPECT_THAT(noted(), ElementsAre("agent.stderr first"));
  lines.feed("ond\n\n  \nthird", now);
  lines.finish(now);
  EXPECT_THAT(noted(), ElementsAre("agent.stderr first", "agent.stderr second", "agent.stderr third"));
}

TEST_F(StderrLines, AreBoundedInLength) {
  for (int n = 0; n < 100; ++n) lines.feed(std::string(100'000, 'x'), now);
  EXPECT_THAT(noted(), IsEmpty());
  lines.feed("\nnext\n", now);
  ASSERT_EQ(noted().size(), 2U);
  EXPECT_LE(noted()[0].size(), stderr_lines::shown + 20);
  EXPECT_EQ(noted()[1], "agent.stderr next");
}

TEST_F(StderrLines, ThatComeTooFastAreCounted) {
  for (int n = 0; n < 1000; ++n) lines.feed("x\n", now);
  EXPECT_EQ(noted().size(), 200U);
  lines.feed("after\n", now + 1s);
  ASSERT_EQ(noted().size(), 202U);
  EXPECT_EQ(noted()[200], "agent.stderr_dropped 800");
  EXPECT_EQ(noted()[201], "agent.stderr after");
  for (int n = 0; n < 50; ++n) lines.feed("x\n", now + 1s);
  lines.finish(now + 1s);
  EXPECT_EQ(noted().back(), "agent.stderr_dropped 1") << "fifty a second, one of which was `after`";
}

TEST_F(StderrLines, HoldNoSecret) {
  lines.feed("token=sesame-one, again sesame-one\n", now);
  lines.feed(std::string(stderr_lines::shown - 5, 'x') + "sesame-one\n", now);
  ASSERT_EQ(noted().size(), 2U);
  EXPECT_EQ(noted()[0], "agent.stderr token=***, again ***");
  EXPECT_THAT(noted()[1], Not(HasSubstr("sesame")));
}

} // namespace
} // namespace relay::child
