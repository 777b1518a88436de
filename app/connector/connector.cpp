#include "relay_gateway/app/connector/connector.hpp"

#include "relay_gateway/app/connector/engine/engine.hpp"

#include <boost/asio/post.hpp>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>

namespace relay::connector {

namespace {

/// Runs a job on the io_context's thread and waits for it; at once when this is that thread, or when there is
/// none.
class errand {
public:
  explicit errand(std::function<void()> job) : job_(std::move(job)) {}

  /// `patience`: how long to wait for the thread to take the job before it is done here; negative = for ever,
  /// as long as the io_context is not stopped.
  static void run(boost::asio::io_context& io, std::function<void()> job,
                  milliseconds patience = milliseconds{-1}) {
    auto x = std::make_shared<errand>(std::move(job));
    if (io.stopped() || io.get_executor().running_in_this_thread()) return x->perform();
    boost::asio::post(io, [x] { x->perform(); });
    x->wait(io, patience);
  }

private:
  void perform() {
    if (taken_.exchange(true)) return;
    job_();
    std::lock_guard hold{lock_};
    done_ = true;
    changed_.notify_all();
  }
  void wait(boost::asio::io_context& io, milliseconds patience) {
    constexpr milliseconds look{20}; // a stopped io_context says nothing, so it is asked now and then
    auto begun = std::chrono::steady_clock::now();
    std::unique_lock hold{lock_};
    while (!changed_.wait_for(hold, look, [&] { return done_; })) {
      bool over = patience.count() >= 0 && std::chrono::steady_clock::now() - begun > patience;
      if (!over && !io.stopped()) continue;
      hold.unlock();
      perform();
      hold.lock();
    }
  }

  std::function<void()> job_;
  std::atomic<bool> taken_{false};
  std::mutex lock_;
  std::condition_variable changed_;
  bool done_ = false;
};

} // namespace

struct stand_in::impl {
  boost::asio::io_context& io;
  std::shared_ptr<engine> inner;

  /// Calls `act` with the core on its thread, carries out what follows, hands back what `act` gave.
  template <class Act>
  auto with_core(Act act) {
    using result = decltype(act(inner->connector_core()));
    if constexpr (std::is_void_v<result>) {
      errand::run(io, [&] {
        act(inner->connector_core());
        inner->settle();
      });
    } else {
      result out{};
      errand::run(io, [&] {
        out = act(inner->connector_core());
        inner->settle();
      });
      return out;
    }
  }
};

std::unique_ptr<stand_in> start(boost::asio::io_context& io, options what, std::string& error) {
  auto inner = std::make_shared<engine>(io, std::move(what));
  bool up = false;
  // Before anybody runs the io_context its thread cannot be told, so after a moment the work is done here.
  errand::run(
      io, [&] { up = inner->start(error); }, milliseconds{500});
  if (!up) return nullptr;
  return std::make_unique<stand_in>(std::make_unique<stand_in::impl>(stand_in::impl{io, std::move(inner)}));
}

stand_in::stand_in(std::unique_ptr<impl> x) : impl_(std::move(x)) {}
stand_in::~stand_in() { stop(); }

void stand_in::stop() {
  errand::run(impl_->io, [&] { impl_->inner->stop(); });
}
std::uint16_t stand_in::port() const { return impl_->inner->port(); }
std::string stand_in::base_url() const { return impl_->inner->base_url(); }

void stand_in::go_down() {
  errand::run(impl_->io, [&] { impl_->inner->go_down(); });
}
bool stand_in::come_back(std::string& error) {
  bool up = false;
  errand::run(impl_->io, [&] { up = impl_->inner->listen(error); });
  return up;
}

// The journal has a lock of its own, so reading it needs no thread.
std::uint64_t stand_in::mark() const { return impl_->inner->connector_core().records().last(); }
std::vector<record> stand_in::records(std::uint64_t since, const record_filter& which) const {
  return impl_->inner->connector_core().records().read(since, which);
}
std::optional<record> stand_in::wait_for(const record_filter& which, milliseconds limit,
                                         std::uint64_t since) const {
  return impl_->inner->connector_core().records().wait_for(which, limit, since);
}
bool stand_in::wait_count(const record_filter& which, std::size_t n, milliseconds limit,
                          std::uint64_t since) const {
  return impl_->inner->connector_core().records().wait_count(which, n, limit, since);
}
std::vector<gateway_status> stand_in::gateways() const {
  return impl_->with_core([](core& x) { return x.gateways(); });
}

injected stand_in::inject(const chat_message& what) {
  return impl_->with_core([&](core& x) { return x.inject(what); });
}
injected stand_in::inject_many(const chat_message& what, std::size_t count, std::size_t chats) {
  return impl_->with_core([&](core& x) { return x.inject_many(what, count, chats, milliseconds{0}); });
}
injected stand_in::inject_event(std::string_view event_json, std::string_view gateway_id) {
  return impl_->with_core([&](core& x) { return x.inject_event(event_json, gateway_id); });
}
injected stand_in::forward(std::string_view forward_json, std::string_view gateway_id) {
  return impl_->with_core([&](core& x) { return x.forward(forward_json, gateway_id); });
}
injected stand_in::interact(const interaction& what) {
  return impl_->with_core([&](core& x) { return x.interact(what); });
}
injected stand_in::press(std::string_view platform, std::string_view chat_id, std::string_view message_id,
                         std::string_view option_id, bool as_interaction) {
  return impl_->with_core(
      [&](core& x) { return x.press(platform, chat_id, message_id, option_id, as_interaction); });
}
bool stand_in::interrupt(std::string_view session_key, std::string_view chat_id,
                         std::string_view gateway_id) {
  return impl_->with_core([&](core& x) { return x.interrupt(session_key, chat_id, gateway_id); });
}
std::size_t stand_in::send_raw(const std::vector<std::string>& pieces, std::string_view gateway_id) {
  return impl_->with_core([&](core& x) { return x.send_raw(pieces, gateway_id); });
}

void stand_in::answer(rule x) {
  impl_->with_core([&](core& to) { to.answer(x); });
}
void stand_in::clear_script() {
  impl_->with_core([](core& x) { x.clear_script(); });
}
void stand_in::refuse_upgrades(int n, int status) {
  rule no;
  no.on = answer_point::upgrade;
  no.count = n;
  no.status = status;
  answer(std::move(no));
}
behaviour stand_in::how() const {
  return impl_->with_core([](core& x) { return x.how(); });
}
void stand_in::set_behaviour(behaviour x) {
  impl_->with_core([&](core& to) { to.set_behaviour(std::move(x)); });
}

bool stand_in::add_faults(std::string_view script_json, std::string& error) {
  std::vector<faults::problem> told;
  auto read = faults::parse(script_json, told);
  if (!read) error = faults::to_string(told.front());
  if (read) impl_->with_core([&](core&) { impl_->inner->fault_control().add_faults(std::move(*read)); });
  return read.has_value();
}
void stand_in::clear_faults() {
  impl_->with_core([&](core&) { impl_->inner->fault_control().clear_faults(); });
}
bool stand_in::fault(std::string_view actions_json, std::string& error) {
  std::vector<faults::problem> told;
  auto read = faults::parse_one_off(actions_json, told);
  if (!read) error = faults::to_string(told.front());
  if (read) impl_->with_core([&](core&) { impl_->inner->fault_control().fire_fault(*read); });
  return read.has_value();
}

std::size_t stand_in::close_all(std::uint16_t code, std::string_view reason, std::string_view gateway_id) {
  return impl_->with_core([&](core& x) { return x.close_all(code, reason, gateway_id); });
}
std::size_t stand_in::drop_all(std::string_view gateway_id) {
  return impl_->with_core([&](core& x) { return x.drop_all(gateway_id); });
}
std::size_t stand_in::read_all(bool on, std::string_view gateway_id) {
  return impl_->with_core([&](core& x) { return x.read_all(on, gateway_id); });
}

void stand_in::add_gateway(std::string_view gateway_id, const secret& key, std::string_view tenant) {
  impl_->with_core([&](core& x) { x.add_gateway(std::string{gateway_id}, key, tenant); });
}
void stand_in::add_enrollment(const secret& token, std::string_view tenant, std::int64_t expires_s) {
  impl_->with_core([&](core& x) { x.add_enrollment(token, tenant, expires_s); });
}
secret stand_in::key_of(std::string_view gateway_id) const {
  return impl_->with_core([&](core& x) { return x.key_of(std::string{gateway_id}); });
}
bool stand_in::rotate(std::string_view gateway_id) {
  return impl_->with_core([&](core& x) { return x.rotate(std::string{gateway_id}); });
}
void stand_in::revoke(std::string_view gateway_id) {
  impl_->with_core([&](core& x) { x.revoke(gateway_id); });
}
std::string stand_in::put_media(std::string_view content_type, std::string_view filename, std::string body) {
  return impl_->with_core([&](core& x) { return x.put_media(content_type, filename, std::move(body)); });
}
std::string stand_in::state() const {
  return impl_->with_core([](core& x) { return x.state(); });
}

} // namespace relay::connector
