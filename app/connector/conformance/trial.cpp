#include "relay_gateway/app/connector/conformance/trial.hpp"

#include "relay_gateway/app/connector/json.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace relay::connector::conformance {

namespace {

using std::chrono::milliseconds;

constexpr const char *identity = "identity-token-of-the-conformance-run", *pinned_id = "gw-pinned",
                     *pinned_secret = "secret-of-the-conformance-run";

record_filter send_of(const std::string& chat_id, const std::string& text) {
  return [=](const record& x) {
    return x.kind == "outbound" && x.at("frame.action.op") == "send" &&
           x.at("frame.action.chat_id") == chat_id &&
           x.at("frame.action.content").find(text) != std::string::npos;
  };
}

} // namespace

trial::trial(const description& what, report& told, const std::string& work_dir, setup how)
    : what_(what), told_(told), how_(std::move(how)), log_file_(work_dir + "/" + how_.name + ".log") {
  options own;
  own.identity_token = secret{identity};
  own.console = own.control = false;
  own.record_file = work_dir + "/" + how_.name + ".jsonl";
  std::string error;
  peer_ = start(io_.context(), std::move(own), error);
  if (!peer_) throw cut_short("the stand-in does not start: " + error);
  values_.work_dir = work_dir + "/" + how_.name;
  std::filesystem::create_directories(values_.work_dir);
  values_.url = how_.scheme + peer_->base_url().substr(4) + how_.path; // behind "http"
  values_.access_token = identity;
  values_.platforms = how_.platforms;
  if (how_.pinned) {
    values_.gateway_id = pinned_id;
    values_.secret = pinned_secret;
    peer_->add_gateway(pinned_id, secret{pinned_secret});
  }
  if (how_.before) how_.before(*peer_);
  start_gateway();
}

void trial::start_gateway() {
  values_.more = how_.more;
  std::ofstream{values_.work_dir + "/config.yaml"} << how_.config;
  process_ =
      std::make_unique<process>(what_.command, what_.directory, environment_of(what_, values_), log_file_);
  if (!process_->ok()) throw cut_short("the gateway's process cannot be started");
}

std::uint64_t trial::restart(std::map<std::string, std::string> more, std::string config) {
  process_->terminate();
  if (!process_->wait(std::chrono::seconds{40})) throw cut_short("SIGTERM did not end it; " + last_words());
  auto since = peer_->mark();
  how_.more = std::move(more);
  how_.config = std::move(config);
  start_gateway();
  return since;
}

std::string trial::gateway_id() {
  for (const auto& x : peer_->gateways())
    if (x.connected) return x.gateway_id;
  return {};
}

std::string trial::last_words() const {
  std::ifstream in{log_file_};
  std::ostringstream all;
  all << in.rdbuf();
  auto text = all.str();
  constexpr std::size_t most = 400;
  if (text.size() > most) text.erase(0, text.size() - most);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.empty() ? "it wrote nothing" : "its last words: " + text;
}

std::optional<record> trial::await(const record_filter& which, milliseconds limit, std::uint64_t since) {
  // The records tell nothing of a process that died, so both are asked in turn.
  constexpr milliseconds turn{200};
  for (auto end = std::chrono::steady_clock::now() + limit;;) {
    auto left = std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
    auto found = peer_->wait_for(which, std::clamp(left, milliseconds{0}, turn), since);
    if (found || left <= turn || process_->wait(milliseconds{0})) return found;
  }
}

void trial::until_served(std::uint64_t since) {
  auto hellos = std::max<std::size_t>(1, how_.platforms.size());
  if (await(of_kind("handshake"), what_.start_limit, since) &&
      peer_->wait_count(of_kind("hello"), hellos, patience, since))
    return;
  auto code = process_->wait(milliseconds{0});
  throw cut_short((code ? "the gateway ended with exit code " + std::to_string(*code)
                        : std::string{"no handshake with every hello in time"}) +
                  "; " + last_words());
}

record trial::need(const record_filter& which, const std::string& what, std::uint64_t since,
                   milliseconds limit) {
  auto found = await(which, limit, since);
  if (!found) throw cut_short("there was not: " + what + "; " + last_words());
  return *found;
}

std::string trial::fresh(const std::string& about) {
  return about + " of the conformance run, number " + std::to_string(++last_text_) + ".";
}

std::optional<record> trial::reply(const std::string& chat_id, const std::string& text, std::uint64_t since,
                                   milliseconds limit) {
  return await(send_of(chat_id, text), limit, since);
}

std::optional<record> trial::act(chat_message in, const std::string& action, const std::string& op,
                                 const std::string& text) {
  auto since = peer_->mark();
  in.text = order_for(action);
  peer_->inject(in);
  return await(action_of(op, text), patience, since);
}

std::vector<record> trial::replies(const std::string& chat_id, const std::string& text) const {
  return peer_->records(0, send_of(chat_id, text));
}

std::size_t trial::count(const record_filter& which, std::uint64_t since) const {
  return peer_->records(since, which).size();
}

bool trial::barrier(const std::string& chat_id, const std::string& platform) {
  auto text = fresh("A barrier");
  chat_message said;
  said.platform = platform;
  said.chat_id = chat_id;
  said.text = text;
  peer_->inject(said);
  return reply(chat_id, text).has_value();
}

std::string order_for(const std::string& action) { return "/relay-action " + action; }

record_filter action_of(const std::string& op, const std::string& text) {
  return [=](const record& x) {
    return x.kind == "outbound" && x.at("frame.action.op") == op &&
           x.at("frame.action.content").rfind(text, 0) == 0;
  };
}

std::string inbound_frame(const std::string& chat_id, const std::string& text, const std::string& buffer_id,
                          const std::string& message_id, const std::string& source, const std::string& more) {
  json::fields from, event, frame;
  from.add("platform", "discord").add("chat_id", chat_id).add("chat_type", "dm");
  from.add("user_id", "u1").add("user_name", "ada");
  event.add("text", text).add("message_type", "text");
  event.raw("source", "{" + from.inside() + source + "}").maybe("message_id", message_id);
  frame.add("type", "inbound").raw("event", "{" + event.inside() + more + "}").maybe("bufferId", buffer_id);
  return frame.object() + "\n";
}

} // namespace relay::connector::conformance
