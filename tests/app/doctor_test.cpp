#include "relay_gateway/app/commands/doctor/doctor_link.hpp"
#include "relay_gateway/app/commands/doctor/doctor_local.hpp"
#include "relay_gateway/app/commands/doctor/doctor_model.hpp"
#include "relay_gateway/app/commands/doctor/findings.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <tuple>
#include <unistd.h>

namespace relay::commands {
namespace {

namespace fs = std::filesystem;

TEST(Findings, OneLineEachAndJson) {
  const findings all{{"dns", verdict::fine, "c.example is 192.0.2.1", {}},
                     {"clock", verdict::warning, "a\nb", "set it"},
                     {"state", verdict::skipped, "memory", {}}};
  EXPECT_TRUE(all_well(all));
  EXPECT_EQ(findings_text(all), "ok    dns        c.example is 192.0.2.1\n"
                                "warn  clock      a?b; set it\n"
                                "skip  state      memory\n");
  EXPECT_EQ(findings_json({{"tcp", verdict::failed, "no \"way\"", "go"}}),
            "{\"ok\":false,\"steps\":[{\"step\":\"tcp\",\"verdict\":\"FAIL\",\"what\":\"no \\\"way\\\"\","
            "\"next\":\"go\"}]}\n");
}

TEST(Findings, HttpDates) {
  EXPECT_EQ(read_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777);
  for (const char* text : {"", "now", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT!"})
    EXPECT_EQ(read_http_date(text), 0) << text;
}

TEST(Findings, AClockIsJudgedByTheLifeOfATokenWhicheverWayItGoes) {
  const std::string date = "Sun, 06 Nov 1994 08:49:37 GMT";
  constexpr std::int64_t theirs = 784'111'777;
  EXPECT_EQ(judge_clock(date, theirs + 29).how, verdict::fine);
  EXPECT_EQ(judge_clock(date, theirs - 29).how, verdict::fine);
  EXPECT_EQ(judge_clock(date, theirs + 30).how, verdict::warning);
  EXPECT_EQ(judge_clock(date, theirs - 269).how, verdict::warning);
  EXPECT_EQ(judge_clock(date, theirs + 270).how, verdict::failed);
  auto behind = judge_clock(date, theirs - 3600);
  EXPECT_EQ(behind.how, verdict::failed);
  EXPECT_NE(behind.what.find("3600 s behind"), std::string::npos) << behind.what;
  EXPECT_EQ(judge_clock("", theirs).how, verdict::skipped);
}

TEST(Doctor, WhoHoldsALockIsReadOffTheKernelsTable) {
  const std::string table = "1: POSIX  ADVISORY  WRITE 11 08:01:77 0 EOF\n"
                            "2: FLOCK  ADVISORY  WRITE 4711 08:01:123456 0 EOF\n"
                            "2: -> FLOCK  ADVISORY  WRITE 4712 08:01:123456 0 EOF\n";
  EXPECT_EQ(lock_holder(table, 123456), 4711U);
  EXPECT_EQ(lock_holder(table, 23456), 0U);
  EXPECT_EQ(lock_holder(table, 77), 0U) << "another kind of lock";
  EXPECT_EQ(lock_holder("", 1), 0U);
}

TEST(Doctor, AStateDirectoryIsTriedAndLeftAsItWas) {
  std::string name = (fs::temp_directory_path() / "doctor-XXXXXX").string();
  const fs::path dir = ::mkdtemp(name.data());
  EXPECT_EQ(check_state_dir("", false).how, verdict::skipped);
  auto there = check_state_dir(dir.string(), false);
  EXPECT_NE(there.how, verdict::failed) << there.what;
  auto later = check_state_dir((dir / "a/b").string(), false);
  EXPECT_NE(later.how, verdict::failed) << later.what;
  EXPECT_NE(later.what.find("first start"), std::string::npos) << later.what;
  EXPECT_TRUE(fs::is_empty(dir));
  std::ofstream{dir / "file"} << "x";
  auto below = check_state_dir((dir / "file/relay").string(), false);
  EXPECT_EQ(below.how, verdict::failed);
  EXPECT_NE(below.next.find("GATEWAY_STATE_DIR"), std::string::npos);
  EXPECT_EQ(check_state_dir("/proc/relay", false).how, verdict::failed);
  fs::remove_all(dir);
}

http_response models(int status, const std::string& body) {
  http_response out;
  out.status = status;
  out.body = secret{body};
  return out;
}

TEST(Doctor, AModelIsLookedForInTheListOfItsServer) {
  const auto judged = [](int status, const std::string& body, const std::string& model) {
    return judge_models(models(status, body), "http://m/v1", model);
  };
  const std::string one = R"({"object":"list","data":[{"id":"tiny"}]})",
                    two = R"({"data":[{"id":"tiny:latest"},{"id":"b"}]})";
  EXPECT_EQ(judged(200, one, "tiny").how, verdict::fine);
  EXPECT_EQ(judged(200, one, "").how, verdict::fine);
  EXPECT_EQ(judged(200, two, "tiny").how, verdict::fine) << "a model's name without its tag";
  const auto other = judged(200, two, "huge");
  EXPECT_EQ(other.how, verdict::warning);
  EXPECT_EQ(other.what, "the server does not list huge; it has tiny:latest, b");
  EXPECT_EQ(judged(200, two, "").how, verdict::warning) << "several, and none is chosen";
  EXPECT_EQ(judged(200, R"({"data":[]})", "tiny").how, verdict::warning);
  const auto many = judged(
      200, R"({"data":[{"id":"a"},{"id":"b"},{"id":"c"},{"id":"d"},{"id":"e"},{"id":"f"},{"id":"g"}]})", "x");
  EXPECT_NE(many.what.find("a, b, c, d, e and 2 more"), std::string::npos) << many.what;
}

TEST(Doctor, AModelsServerThatGivesNoListIsNamedByWhatItSays) {
  for (const auto& [status, body, how, part] : {std::tuple{401, "{}", verdict::failed, "refuses the key"},
                                                {403, "", verdict::failed, "refuses the key"},
                                                {404, "", verdict::warning, "no list of models"},
                                                {429, "", verdict::warning, "cannot answer now"},
                                                {503, "", verdict::warning, "cannot answer now"},
                                                {200, "<html>", verdict::failed, "no OpenAI-compatible"},
                                                {200, "{}", verdict::failed, "no OpenAI-compatible"},
                                                {302, "", verdict::failed, "no OpenAI-compatible"}}) {
    const auto found = judge_models(models(status, body), "http://m/v1", "tiny");
    EXPECT_EQ(found.how, how) << status;
    EXPECT_NE(found.what.find(part), std::string::npos) << found.what;
    EXPECT_FALSE(found.next.empty()) << status;
  }
  http_response none;
  none.error = "connection refused";
  EXPECT_NE(judge_models(none, "http://m/v1", "").what.find("connection refused"), std::string::npos);
}

} // namespace
} // namespace relay::commands
