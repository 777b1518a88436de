// What a model sees of the pictures of a message.
#include "relay_gateway/tests/actors/agents/model_fixture.hpp"

namespace relay::testing {
namespace {

/// Has every file at once.
class pictures final : public media_port {
public:
  int fetched = 0;
  std::vector<std::string> read_paths;
  std::string error; ///< of reading
  void fetch(media_fetch, std::function<void(media_fetched)> done) override {
    done({"/files/" + std::to_string(++fetched), 5, {}});
  }
  void upload(media_upload, std::function<void(media_uploaded)>) override {}
  void remove(std::vector<std::string>) override {}
  void unpin(std::string, std::vector<std::string>) override {}
  void read(std::string path, std::uint64_t, std::function<void(media_bytes)> done) override {
    read_paths.push_back(std::move(path));
    done(error.empty() ? media_bytes{"\x89PNG\r\n\x1a\n", {}} : media_bytes{{}, error});
  }
};

class openai_images : public model_test {
protected:
  std::shared_ptr<pictures> files = std::make_shared<pictures>();

  void start_with_files() {
    supervisor_setup setup;
    setup.settings = std::make_shared<const config::settings>(settings);
    setup.agent_name = "openai";
    auto all = env.all();
    all.streams = streams;
    all.media = files;
    setup.make_agent = [this, all](caf::strong_actor_ptr parent) -> agent_actor {
      return sys.spawn(openai_agent, all, what, std::move(parent));
    };
    root = sys.spawn(supervisor, all, std::move(setup));
    settle();
    handshake();
  }
  void shows(int pictures_of_it) {
    std::string urls, media;
    for (int i = 0; i < pictures_of_it; ++i) {
      const auto url = "\"https://connector.example/relay/media/m" + std::to_string(i) + "\"";
      urls += (i > 0 ? "," : "") + url;
      media += (i > 0 ? "," : "") + (R"({"url":)" + url) + R"(,"kind":"image"})";
    }
    auto out = event("discord", "1", "look", "1");
    out.insert(out.find(R"("text":)"), R"("media_urls":[)" + urls + R"(],"media":[)" + media + "],");
    env.link->last().say(out);
    settle();
    answer_all();
  }
  static std::size_t count(const std::string& text, const std::string& what) {
    std::size_t out = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++out;
    return out;
  }
  std::string question() { return streams->all.empty() ? std::string{} : asked(0).what.body.reveal(); }
};

TEST_F(openai_images, EightAtMostAreShownAndTheRestIsNamed) {
  start_with_files();
  shows(10);
  EXPECT_EQ(files->read_paths.size(), 8U);
  EXPECT_EQ(count(question(), "data:image/png;base64,"), 8U) << question();
  EXPECT_EQ(count(question(), "[image]"), 2U) << question();
}

TEST_F(openai_images, WhatCannotBeReadIsLogged) {
  files->error = "/files/1: permission denied";
  start_with_files();
  shows(1);
  EXPECT_EQ(env.log->count("model.image_unreadable"), 1U);
  EXPECT_EQ(count(question(), "data:image/"), 0U) << question();
  EXPECT_NE(question().find("look"), std::string::npos) << "it is asked all the same";
}

} // namespace
} // namespace relay::testing
