// Long polls, access and reading. What changes something is in control_api_changes.cpp.
#include "relay_gateway/app/connector/control/control_api.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>

namespace relay::connector {

namespace {

constexpr milliseconds longest_wait{60'000};

std::uint64_t number_of(std::string_view text, std::uint64_t otherwise) {
  std::uint64_t out = 0;
  auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), out);
  return bad == std::errc{} && !text.empty() && end == text.data() + text.size() ? out : otherwise;
}

/// `host:port` without its port, an IPv6 address without its brackets.
std::string host_of(std::string_view authority) {
  if (!authority.empty() && authority.front() == '[')
    return std::string{
        authority.substr(1, authority.find(']') == std::string_view::npos ? 0 : authority.find(']') - 1)};
  return std::string{authority.substr(0, authority.find(':'))};
}

bool is_loopback(const std::string& address) {
  boost::system::error_code ec;
  auto x = boost::asio::ip::make_address(address, ec);
  if (ec) return false;
  if (x.is_v6() && x.to_v6().is_v4_mapped())
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, x.to_v6()).is_loopback();
  return x.is_loopback();
}

/// `address:port` as the server writes it: an IPv6 address may come with or without brackets.
std::string peer_address(std::string_view peer) {
  if (!peer.empty() && peer.front() == '[') return host_of(peer);
  return std::string{peer.substr(0, peer.rfind(':'))};
}

net::server_response json_answer(std::string body) { return {200, "application/json", std::move(body), {}}; }

} // namespace

/// One GET that may wait for news.
struct control_api::poll {
  enum class about : std::uint8_t { records, feed };
  about what = about::records;
  std::uint64_t since = 0, looked = 0; ///< looked: up to this record the filter was tried
  std::size_t wanted = 1, limit = 1000;
  record_filter filter;
  std::vector<record> found;
  std::shared_ptr<net::responder> to;
  std::shared_ptr<boost::asio::steady_timer> deadline;
};

control_api::control_api(boost::asio::io_context& io, core& connector_core, fault_control& faults,
                         const options& what)
    : io_(io), core_(connector_core), faults_(faults), from_anywhere_(what.control_from_anywhere) {}

bool control_api::allowed(const net::server_request& x, std::string& why) const {
  // A page of another site may send requests here from a browser on this machine: its Origin tells.
  auto origin = x.header("origin"), host = x.header("host");
  if (!origin.empty()) {
    auto at = origin.find("://");
    if (at == std::string_view::npos || origin.substr(at + 3) != host) {
      why = "requests of other sites are refused";
      return false;
    }
  }
  if (from_anywhere_) return true;
  if (!is_loopback(peer_address(x.peer))) {
    why = "the control API answers this machine only";
    return false;
  }
  // And a name of another site may be made to point here: only names that are this machine's count.
  auto name = host_of(host);
  if (!name.empty() && name != "localhost" && !is_loopback(name)) {
    why = "the Host header does not name this machine";
    return false;
  }
  return true;
}

void control_api::handle(const net::server_request& x, const std::shared_ptr<net::responder>& to) {
  if (x.method != "GET") return to->answer(change(x));
  if (x.path == "/control/status") return to->answer(json_answer(status_text()));
  if (x.path == "/control/faults") return to->answer(json_answer(faults_.faults_status()));
  if (x.path == "/control/records" || x.path == "/control/feed") return wait(x, to);
  to->answer({404, "application/json", R"({"error":"no such path"})", {}});
}

std::string control_api::status_text() const {
  json::items gateways;
  for (const auto& x : core_.gateways()) {
    json::items identities;
    for (const auto& [platform, bot] : x.identities)
      identities.raw(json::fields{}.add("platform", platform).add("botId", bot).object());
    json::fields one;
    one.add("gateway_id", x.gateway_id).add("tenant", x.tenant).add("wake_url", x.wake_url);
    one.add("display_name", x.display_name);
    one.raw("identities", identities.array()).add("provisioned", x.provisioned);
    one.add("connected", x.connected).add("handshaken", x.handshaken).add("idle", x.idle);
    one.add("buffered", static_cast<std::uint64_t>(x.buffered))
        .add("unacked", static_cast<std::uint64_t>(x.unacked));
    gateways.raw(one.object());
  }
  const auto& how = core_.how();
  json::fields behaviour;
  behaviour.add("require_token", how.require_token).add("refuse_bad_token", how.refuse_bad_token);
  behaviour.add("withhold_on_replay", how.withhold_on_replay).add("buffer_all", how.buffer_all);
  behaviour.add("first_hello_only", how.first_hello_only)
      .add("check_discriminators", how.check_discriminators);
  behaviour.add("check_length", how.check_length)
      .add("replay_window", static_cast<std::uint64_t>(how.replay_window));
  behaviour.add("replaced_code", static_cast<int>(how.replaced_code))
      .add("replaced_reason", how.replaced_reason);
  behaviour.add("clock_offset_s", how.clock_offset_s);
  json::fields out;
  out.add("base_url", core_.base_url()).add("platforms", core_.platform_names());
  out.raw("gateways", gateways.array()).raw("behaviour", behaviour.object());
  out.add("rules", static_cast<std::uint64_t>(core_.rules())).add("last", core_.records().last());
  return out.object();
}

void control_api::wait(const net::server_request& x, const std::shared_ptr<net::responder>& to) {
  auto made = std::make_shared<poll>();
  made->what = x.path == "/control/feed" ? poll::about::feed : poll::about::records;
  made->since = number_of(x.parameter("since"), 0);
  made->looked = made->what == poll::about::feed ? number_of(x.parameter("seen"), 0) : made->since;
  made->wanted = number_of(x.parameter("count"), 1);
  made->limit = std::max<std::size_t>(1, number_of(x.parameter("limit"), 1000));
  made->filter = [kind = std::string{x.parameter("kind")}, gateway = std::string{x.parameter("gateway_id")},
                  platform = std::string{x.parameter("platform")}, path = std::string{x.parameter("path")},
                  value = std::string{x.parameter("value")}](const record& one) {
    return (kind.empty() || one.kind == kind) && (gateway.empty() || one.gateway_id == gateway) &&
           (platform.empty() || one.platform == platform) && (path.empty() || one.at(path) == value);
  };
  made->to = to;
  milliseconds limit{std::min<std::uint64_t>(number_of(x.parameter("wait"), 0), longest_wait.count())};
  if (ready(*made) || limit.count() == 0) return to->answer(text_of(*made));
  made->deadline = std::make_shared<boost::asio::steady_timer>(io_, limit);
  made->deadline->async_wait([this, weak = std::weak_ptr(made)](const boost::system::error_code& ec) {
    auto late = weak.lock();
    if (ec || !late) return; // a poll that is still there has its API, too
    late->to->answer(text_of(*late));
    polls_.remove(late);
  });
  polls_.push_back(std::move(made));
}

bool control_api::ready(poll& x) {
  auto last = core_.records().last();
  if (x.what == poll::about::feed) return core_.chats().version() > x.since || last > x.looked;
  auto room = x.limit > x.found.size() ? x.limit - x.found.size() : 0;
  for (auto& one : core_.records().read(x.looked, x.filter, room)) x.found.push_back(std::move(one));
  x.looked = x.found.size() >= x.limit ? x.found.back().index : last;
  return x.found.size() >= std::min(x.wanted, x.limit);
}

net::server_response control_api::text_of(const poll& x) const {
  json::fields out;
  if (x.what == poll::about::feed) {
    out.add("version", core_.chats().version()).raw("status", status_text());
    return json_answer(out.raw("chats", core_.chats().changes(x.since, core_.now_ms())).object());
  }
  json::items records;
  for (const auto& one : x.found) records.raw(one.json);
  return json_answer(out.raw("records", records.array()).add("last", x.looked).object());
}

void control_api::wake() {
  for (auto it = polls_.begin(); it != polls_.end();) {
    auto one = *it;
    if (!ready(*one)) {
      ++it;
      continue;
    }
    it = polls_.erase(it);
    one->deadline->cancel();
    one->to->answer(text_of(*one));
  }
}

void control_api::stop() {
  for (auto& one : polls_) {
    one->deadline->cancel();
    one->to->answer(text_of(*one));
  }
  polls_.clear();
}

} // namespace relay::connector
