#include "relay_gateway/app/queue/nats_session.hpp"

#include "relay_gateway/app/queue/ack_subject.hpp"
#include "relay_gateway/app/queue/nats_callbacks.hpp"
#include "relay_gateway/app/queue/stored_message.hpp"
#include "relay_gateway/app/queue/unsettled_messages.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace relay::queue {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t request_wait_ms = 2'000; // of the JetStream API
constexpr std::int64_t publish_wait_ms = 5'000;
constexpr auto again_after = 1s;

std::string header(natsMsg* from, const char* name) {
  const char* value = nullptr;
  if (natsMsgHeader_Get(from, name, &value) != NATS_OK || value == nullptr) return {};
  return value;
}

std::string body_of(const natsMsg* from) {
  return {natsMsg_GetData(from), static_cast<std::size_t>(natsMsg_GetDataLength(from))};
}

message_handle make_message(const std::string& subject, const std::string& body) {
  natsMsg* made = nullptr;
  if (natsMsg_Create(&made, subject.c_str(), nullptr, body.data(), static_cast<int>(body.size())) != NATS_OK)
    return nullptr;
  return message_handle{made};
}

} // namespace

nats_session::nats_session(boost::asio::io_context& io, nats_options options, queue_request what,
                           std::shared_ptr<queue_listener> who)
    : io_(io), options_(std::move(options)), what_(std::move(what)), who_(std::move(who)),
      id_(callbacks::next_id()), timer_(io), pull_timer_(io), watch_timer_(io) {}

nats_session::~nats_session() { callbacks::forget(id_); }

void nats_session::connect() {
  if (!who_) return;
  callbacks::remember(id_, weak_from_this());
  ++generation_;
  std::string why;
  auto options = options_of(options_, why);
  auto status = options ? NATS_OK : NATS_ERR;
  auto* to = options.get();
  constexpr int patient_pings = 2;
  constexpr std::int64_t ping_ms = 5'000, wait_ms = 500, jitter_ms = 500;
  if (status == NATS_OK) status = natsOptions_SetName(to, what_.name.c_str());
  if (status == NATS_OK) status = natsOptions_SetMaxReconnect(to, -1);
  if (status == NATS_OK) status = natsOptions_SetReconnectWait(to, wait_ms);
  if (status == NATS_OK) status = natsOptions_SetReconnectJitter(to, jitter_ms, jitter_ms);
  if (status == NATS_OK) status = natsOptions_SetPingInterval(to, ping_ms);
  if (status == NATS_OK) status = natsOptions_SetMaxPingsOut(to, patient_pings);
  auto* tag = callbacks::tag(id_, generation_);
  if (status == NATS_OK) status = natsOptions_SetReconnectedCB(to, callbacks::on_connected, tag);
  if (status == NATS_OK) status = natsOptions_SetDisconnectedCB(to, callbacks::on_disconnected, tag);
  if (status == NATS_OK) status = natsOptions_SetClosedCB(to, callbacks::on_closed, tag);
  natsConnection* made = nullptr;
  if (status == NATS_OK) status = natsConnection_Connect(&made, to);
  connection_.reset(made);
  if (status == NATS_OK) return connected(generation_);
  if (why.empty()) why = last_error(status);
  lose(why);
  after(again_after, &nats_session::connect);
}

void nats_session::connected(std::uint64_t generation) {
  if (generation == generation_ && connection_) prepare();
}

void nats_session::disconnected(std::uint64_t generation, std::string why) {
  if (generation == generation_) lose(std::move(why));
}

/// nats.c has given up: with these credentials it is not let in. They are read anew.
void nats_session::closed(std::uint64_t generation, std::string why) {
  if (generation != generation_ || !who_) return;
  lose(std::move(why));
  subscriptions_.clear();
  streams_.reset();
  connection_.reset();
  after(2 * again_after, &nats_session::connect);
}

void nats_session::lose(std::string why) {
  if (who_ && (usable_ || why != why_)) who_->on_state({false, why});
  why_ = std::move(why);
  usable_ = false;
  next_given_ = 0;
  pulls_.reset(); // what is held stays: its reply subject is good over connections
}

void nats_session::prepare() {
  if (!who_ || !connection_ || usable_) return;
  std::string why;
  if (!make_streams(why) || !make_consumer(why) || !subscribe(why)) {
    lose(std::move(why));
    return after(again_after, &nats_session::prepare);
  }
  usable_ = true;
  why_.clear();
  who_->on_state({true, {}});
  stalls_.resumed(std::chrono::steady_clock::now());
  watch();
  catch_up();
  flush_messages();
}

/// Something may be out with an earlier session, or was lost with a connection. Without an answer of the
/// server it comes when its time is over.
void nats_session::catch_up() {
  if (!what_.sole || !connection_ || !usable_) return;
  unsettled_messages found;
  const auto known = [this](std::uint64_t x) { return held_.known(x); };
  if (!read_unsettled(connection_.get(), streams_.get(), what_.stream, what_.consumer, known, found)) return;
  held_.settled_up_to(found.floor);
  next_given_ = std::max(next_given_, found.consumer_sequence + 1);
  for (auto& x : found.all)
    if (held_.read(x.sequence)) fresh_.push_back(std::move(x));
  std::stable_sort(fresh_.begin(), fresh_.end(),
                   [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
}

bool nats_session::make_streams(std::string& why) {
  if (!streams_) {
    jsOptions options;
    jsOptions_Init(&options);
    options.Wait = request_wait_ms;
    options.PublishAsync.MaxPending = 0; // whoever publishes bounds it
    options.PublishAsync.AckHandler = callbacks::on_acknowledged;
    options.PublishAsync.AckHandlerClosure = callbacks::tag(id_, generation_);
    jsCtx* made = nullptr;
    const auto status = natsConnection_JetStream(&made, connection_.get(), &options);
    streams_.reset(made);
    if (status != NATS_OK) {
      why = "JetStream: " + last_error(status);
      return false;
    }
  }
  for (const auto& x : what_.streams) {
    jsErrCode code{};
    jsStreamInfo* info = nullptr;
    auto status = js_GetStreamInfo(&info, streams_.get(), x.name.c_str(), nullptr, &code);
    jsStreamInfo_Destroy(info);
    if (status == NATS_NOT_FOUND || code == JSStreamNotFoundErr) {
      std::vector<const char*> subjects;
      for (const auto& y : x.subjects) subjects.push_back(y.c_str());
      jsStreamConfig config;
      jsStreamConfig_Init(&config);
      config.Name = x.name.c_str();
      config.Subjects = subjects.data();
      config.SubjectsLen = static_cast<int>(subjects.size());
      config.Retention = js_WorkQueuePolicy;
      config.Storage = js_FileStorage;
      config.Replicas = static_cast<std::int64_t>(options_.nats.replicas);
      status = js_AddStream(nullptr, streams_.get(), &config, nullptr, &code);
      if (code == JSStreamNameExistErr) status = NATS_OK; // somebody else was quicker
    }
    if (status == NATS_OK) continue;
    why = "stream " + x.name + ": " + last_error(status);
    return false;
  }
  return true;
}

bool nats_session::make_consumer(std::string& why) {
  jsErrCode code{};
  jsConsumerInfo* info = nullptr;
  auto status =
      js_GetConsumerInfo(&info, streams_.get(), what_.stream.c_str(), what_.consumer.c_str(), nullptr, &code);
  jsConsumerInfo_Destroy(info);
  if (status == NATS_NOT_FOUND || code == JSConsumerNotFoundErr) {
    jsConsumerConfig config;
    jsConsumerConfig_Init(&config);
    config.Durable = what_.consumer.c_str();
    config.AckPolicy = js_AckExplicit;
    config.AckWait = std::chrono::duration_cast<std::chrono::nanoseconds>(what_.ack_wait).count();
    config.MaxDeliver = -1;
    config.MaxAckPending = what_.max_ack_pending;
    status = js_AddConsumer(nullptr, streams_.get(), what_.stream.c_str(), &config, nullptr, &code);
  }
  if (status != NATS_OK) why = "consumer of " + what_.stream + ": " + last_error(status);
  return status == NATS_OK;
}

/// Once per connection: nats.c renews subscriptions when it reconnects.
bool nats_session::subscribe(std::string& why) {
  if (!subscriptions_.empty()) return true;
  natsInbox* inbox = nullptr;
  auto status = natsInbox_Create(&inbox);
  if (status == NATS_OK) inbox_ = inbox;
  natsInbox_Destroy(inbox);
  auto* tag = callbacks::tag(id_, generation_);
  const auto listen = [&](const std::string& subject, natsMsgHandler handler) {
    natsSubscription* made = nullptr;
    if (status == NATS_OK)
      status = natsConnection_Subscribe(&made, connection_.get(), subject.c_str(), handler, tag);
    if (made != nullptr) {
      subscriptions_.emplace_back(made);
      natsSubscription_SetPendingLimits(made, -1, -1); // bounded by what is asked for
    }
  };
  listen(inbox_ + ".*", callbacks::on_message);
  for (const auto& x : what_.notes) listen(x, callbacks::on_note);
  if (status == NATS_OK) return true;
  why = "subscription: " + last_error(status);
  subscriptions_.clear();
  return false;
}

void nats_session::publish(std::vector<queue_publication>& what) {
  std::vector<queue_receipt> failed;
  for (const auto& x : what) publish_one(x, failed);
  if (!failed.empty() && who_) who_->on_receipts(std::move(failed));
}

void nats_session::publish_one(const queue_publication& x, std::vector<queue_receipt>& failed) {
  if (!usable_) {
    failed.push_back({x.number, false, false, false, "not connected"});
    return;
  }
  auto message = make_message(x.subject, x.body);
  auto status = message ? NATS_OK : NATS_NO_MEMORY;
  if (status == NATS_OK && !x.sender.empty())
    status = natsMsgHeader_Set(message.get(), sender_header, x.sender.c_str());
  if (status == NATS_OK && !x.session.empty())
    status = natsMsgHeader_Set(message.get(), session_header, x.session.c_str());
  jsPubOptions options;
  jsPubOptions_Init(&options);
  options.MsgId = x.id.c_str();
  options.MaxWait = publish_wait_ms;
  auto* which = message.get();
  if (status == NATS_OK) {
    auto* given = message.release();
    status = js_PublishMsgAsync(streams_.get(), &given, &options);
    message.reset(given); // its own again when it failed
  }
  if (status == NATS_OK)
    flying_.emplace(which, x.number);
  else
    failed.push_back({x.number, false, false, status == NATS_MAX_PAYLOAD, last_error(status)});
}

void nats_session::acknowledged(natsMsg* which, queue_receipt what) {
  const message_handle gone{which};
  const auto it = flying_.find(which);
  if (it == flying_.end()) return;
  what.number = it->second;
  flying_.erase(it);
  if (!who_) return;
  std::vector<queue_receipt> all;
  all.push_back(std::move(what));
  who_->on_receipts(std::move(all));
}

void nats_session::note(const std::vector<queue_note>& what) {
  if (!usable_) return; // who listens would not hear it later either
  for (const auto& x : what) {
    auto message = make_message(x.subject, x.body);
    if (!message || natsMsgHeader_Set(message.get(), sender_header, x.sender.c_str()) != NATS_OK) continue;
    natsConnection_PublishMsg(connection_.get(), message.get());
  }
}

void nats_session::limit(std::uint32_t most) {
  pulls_.limit(most);
  request_messages();
}

void nats_session::settle(const std::vector<queue_settlement>& what) {
  for (const auto& x : what) {
    const auto reply = held_.settle(x.sequence, x.how);
    if (!reply) continue; // not this session's, or not given out to it yet
    const auto* said = x.how == settlement::done ? "+ACK" : x.how == settlement::working ? "+WPI" : "-NAK";
    natsConnection_PublishString(connection_.get(), reply->c_str(), said);
    if (x.how != settlement::working) pulls_.settled();
  }
  request_messages();
}

/// nats.c can only wait for messages on a thread (Fetch), and waits for a whole batch: requests of our own
/// make a message come at once.
void nats_session::request_messages() {
  if (!usable_ || !who_) return;
  while (true) {
    const auto next = pulls_.next(std::chrono::steady_clock::now());
    if (next.batch == 0) break;
    const auto subject = "$JS.API.CONSUMER.MSG.NEXT." + what_.stream + "." + what_.consumer;
    const auto expires =
        std::chrono::duration_cast<std::chrono::nanoseconds>(pull_requests::lifetime).count();
    const auto text =
        R"({"batch":)" + std::to_string(next.batch) + R"(,"expires":)" + std::to_string(expires) + "}";
    const auto reply = inbox_ + "." + std::to_string(next.number);
    if (natsConnection_PublishRequestString(connection_.get(), subject.c_str(), reply.c_str(),
                                            text.c_str()) != NATS_OK)
      break;
  }
  pull_timer_.expires_after(pull_requests::lifetime + 3s);
  pull_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& e) {
    if (const auto self = weak.lock(); self && !e) self->request_messages();
  });
}

void nats_session::arrived(std::uint64_t generation, message_handle what) {
  if (generation != generation_ || !usable_ || !who_) return;
  const auto* reply = natsMsg_GetReply(what.get());
  const auto place = reply == nullptr ? std::nullopt : parse_ack_subject(reply);
  if (!place) { // a status: the request has ended, or nobody answers it
    const std::string_view subject = natsMsg_GetSubject(what.get());
    std::uint64_t number = 0;
    const auto digits = subject.substr(subject.rfind('.') + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    pulls_.ended(number);
    if (natsMsg_IsNoResponders(what.get())) return after(again_after, &nats_session::request_messages);
    return request_messages();
  }
  pulls_.arrived();
  stalls_.arrived(std::chrono::steady_clock::now());
  const auto how = held_.arrived(place->sequence, reply);
  if (what_.sole && next_given_ != 0 && place->consumer_sequence > next_given_) missed_ = true;
  next_given_ = std::max(next_given_, place->consumer_sequence + 1);
  if (how == message_arrival::repeated || how == message_arrival::over)
    pulls_.settled(); // it was here before
  if (how == message_arrival::over) natsConnection_PublishString(connection_.get(), reply, "+ACK");
  if (how == message_arrival::fresh || how == message_arrival::repeated)
    fresh_.push_back({place->sequence, place->deliveries, natsMsg_GetSubject(what.get()),
                      header(what.get(), sender_header), header(what.get(), session_header),
                      body_of(what.get())});
  if (std::exchange(flushing_, true)) return;
  boost::asio::post(io_, [self = shared_from_this()] { self->flush_messages(); });
}

/// What came in one go is told in one go.
void nats_session::flush_messages() {
  flushing_ = false;
  if (std::exchange(missed_, false)) catch_up();
  if (!fresh_.empty() && who_) who_->on_messages(std::exchange(fresh_, {}));
  request_messages();
}

void nats_session::noted(std::uint64_t generation, const message_handle& what) {
  if (generation != generation_ || !usable_ || !who_) return;
  who_->on_note({natsMsg_GetSubject(what.get()), header(what.get(), sender_header), body_of(what.get())});
}

void nats_session::after(std::chrono::milliseconds delay, void (nats_session::*what)()) {
  timer_.expires_after(delay);
  timer_.async_wait([weak = weak_from_this(), what](const boost::system::error_code& e) {
    if (const auto self = weak.lock(); self && !e) (self.get()->*what)();
  });
}

void nats_session::end() {
  who_.reset();
  callbacks::forget(id_);
  timer_.cancel();
  pull_timer_.cancel();
  watch_timer_.cancel();
  if (connection_ && usable_) natsConnection_FlushTimeout(connection_.get(), request_wait_ms / 4);
  usable_ = false;
  subscriptions_.clear();
  streams_.reset();
  connection_.reset();
}

} // namespace relay::queue
