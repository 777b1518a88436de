// Nodes that are killed, and nodes that are frozen: processes of their own.
#include "relay_gateway/tests/nodes/cluster.hpp"

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern char** environ; // NOLINT(readability-redundant-declaration)

namespace relay::testing {
namespace {

/// node_echo, which ends with this object.
class node_process {
public:
  node_process(std::uint16_t port, net_test::authority& of, const std::string& signature) {
    const auto mine = of.issue("DNS:localhost,IP:127.0.0.1");
    std::vector<std::string> words{std::string{RELAY_BIN_DIR} + "/node_echo",
                                   std::to_string(port),
                                   mine.cert_file,
                                   mine.key_file,
                                   of.ca_file(),
                                   signature};
    std::vector<char*> argv;
    for (auto& x : words) argv.push_back(x.data());
    argv.push_back(nullptr);
    int in[2], out[2];
    EXPECT_EQ(pipe2(in, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
    EXPECT_EQ(posix_spawn(&pid_, argv[0], &files, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&files);
    close(in[0]);
    close(out[1]);
    input_ = in[1];
    output_ = fdopen(out[0], "r");
  }
  node_process(const node_process&) = delete;
  node_process& operator=(const node_process&) = delete;
  ~node_process() {
    signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
    close(input_);
    std::fclose(output_);
  }
  std::string line() {
    char text[512] = {};
    if (std::fgets(text, sizeof text, output_) == nullptr) return "it ended";
    std::string out{text};
    while (!out.empty() && out.back() == '\n') out.pop_back();
    return out;
  }
  void signal(int which) const { kill(pid_, which); }

private:
  pid_t pid_ = -1;
  int input_ = -1;
  std::FILE* output_ = nullptr;
};

class node_processes : public cluster {
protected:
  /// What a node has when `signal` reaches it is answered by another one.
  void lose_a_node_by(int signal) {
    begin();
    node_process lost{hub->port(), ca, "lost: "};
    ASSERT_EQ(lost.line(), "attached");
    EXPECT_EQ(converse("discord", "hi").first, "lost: hi");
    agent_node second{"second: ", &ca};
    lost.signal(SIGSTOP); // so that it surely has the event, and no answer to it
    const auto mark = peer->mark();
    say("c1", "anybody?");
    ASSERT_TRUE(log->wait_for("event.delivered", 2)) << "it is out there";
    if (signal != SIGSTOP) lost.signal(signal);
    ASSERT_EQ(second.attach(hub->port()), "");
    EXPECT_EQ(next_reply(mark, 30s), "second: anybody?");
  }
};

TEST_F(node_processes, WhatAKilledNodeHadIsAnsweredByAnother) { lose_a_node_by(SIGKILL); }

TEST_F(node_processes, AFrozenNodeIsNoticedAndWhatItHadIsAnsweredByAnother) { lose_a_node_by(SIGSTOP); }

} // namespace
} // namespace relay::testing
