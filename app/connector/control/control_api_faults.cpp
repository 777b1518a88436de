// The part of the control API that is about fault scripts: /control/faults and /control/fault.
#include "relay_gateway/app/connector/control/control_api.hpp"

#include <charconv>

namespace relay::connector {

namespace {

net::server_response said(const json::fields& x, int status = 200) {
  return {status, "application/json", x.object(), {}};
}

/// Every problem, each with its place.
net::server_response not_a_script(const std::vector<faults::problem>& told) {
  json::items list;
  for (const auto& x : told) list.raw(json::fields{}.add("where", x.where).add("what", x.what).object());
  json::fields out;
  out.add("error", told.empty() ? "the body is no fault script" : faults::to_string(told.front()));
  return said(out.raw("problems", list.array()), 400);
}

} // namespace

net::server_response control_api::change_faults(const net::server_request& x) {
  std::vector<faults::problem> told;
  if (x.method == "POST" && x.path == "/control/fault") {
    auto read = faults::parse_one_off(x.body, told);
    return read ? said(json::fields{}.add("did", faults_.fire_fault(*read))) : not_a_script(told);
  }
  if (x.method == "POST" && x.path == "/control/faults") {
    auto read = faults::parse(x.body, told);
    if (!read) return not_a_script(told);
    json::items ids;
    for (auto number : faults_.add_faults(std::move(*read))) ids.raw(std::to_string(number));
    return said(json::fields{}.raw("ids", ids.array()));
  }
  if (x.method != "DELETE" || x.path != "/control/faults")
    return said(json::fields{}.add("error", "no such path or method"), 404);
  auto id = x.parameter("id");
  if (id.empty()) {
    faults_.clear_faults();
    return said(json::fields{}.add("ok", true));
  }
  std::uint64_t number = 0;
  auto [end, bad] = std::from_chars(id.data(), id.data() + id.size(), number);
  bool there = bad == std::errc{} && end == id.data() + id.size() && faults_.remove_fault(number);
  return there ? said(json::fields{}.add("ok", true))
               : said(json::fields{}.add("error", "no such rule"), 404);
}

} // namespace relay::connector
