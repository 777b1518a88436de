#include "relay_gateway/app/commands/doctor/doctor_model.hpp"

#include "relay_gateway/app/commands/doctor/doctor_link.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <algorithm>
#include <future>
#include <optional>
#include <vector>

namespace relay::commands {

namespace {

constexpr std::size_t names_shown = 5;

finding of_model(verdict how, std::string what, std::string next = {}) {
  return {"model", how, std::move(what), std::move(next)};
}

/// The ids in `{"data":[{"id":...}]}`; nothing when the body is no such list.
std::optional<std::vector<std::string>> models_of(const std::string& body) {
  wire::json::document doc;
  if (!doc.parse(body)) return {};
  const auto* data = wire::json::array(doc.root(), "data");
  if (data == nullptr) return {};
  std::vector<std::string> out;
  for (const auto& x : data->GetArray())
    if (auto id = wire::json::text(x, "id"); !id.empty()) out.push_back(std::move(id));
  return out;
}

std::string shown_names(const std::vector<std::string>& all) {
  std::string out;
  for (std::size_t i = 0; i < std::min(all.size(), names_shown); ++i) out += (i > 0 ? ", " : "") + all[i];
  const auto more = all.size() - std::min(all.size(), names_shown);
  return more > 0 ? out + " and " + std::to_string(more) + " more" : out;
}

finding judge_list(const std::vector<std::string>& all, const std::string& model) {
  const auto listed = [&](const std::string& name) {
    return std::find(all.begin(), all.end(), name) != all.end();
  };
  if (all.empty())
    return of_model(verdict::warning, "the model's server has no model", "load one, as its manual says");
  if (!model.empty()) {
    // Ollama lists a model with its tag and takes it without.
    if (listed(model) || listed(model + ":latest")) return of_model(verdict::fine, "the server has " + model);
    return of_model(verdict::warning, "the server does not list " + model + "; it has " + shown_names(all),
                    "unless it takes other names as well, set gateway.openai.model to one of these");
  }
  if (all.size() == 1) return of_model(verdict::fine, "the server's only model is " + all.front());
  return of_model(verdict::warning, "no model is chosen, and the server has " + shown_names(all),
                  "set gateway.openai.model to one of these");
}

/// The key of the settings, or of its file.
finding read_key(const ports& env, const config::secret_source& from, secret& key) {
  key = from.value;
  std::string why;
  if (!key.empty() || from.file.empty() || env.secrets->read(from.file, key, why))
    return of_model(verdict::fine, {});
  return of_model(verdict::failed, "the key of the model's server cannot be read: " + why,
                  "check gateway.openai.api_key_file, its owner and mode");
}

} // namespace

finding judge_models(const http_response& answer, const std::string& url, const std::string& model) {
  if (answer.status == 0)
    return of_model(verdict::failed, "no answer of the model's server at " + url + ": " + answer.error,
                    "check that it runs and that gateway.agent names its URL, such as "
                    "openai:http://127.0.0.1:11434/v1");
  const auto status = "HTTP status " + std::to_string(answer.status);
  if (answer.status == 401 || answer.status == 403)
    return of_model(verdict::failed, "the model's server refuses the key (" + status + ")",
                    "check gateway.openai.api_key or api_key_file");
  if (answer.status == 429 || answer.status >= 500)
    return of_model(verdict::warning, "the model's server cannot answer now (" + status + ")",
                    "see its log, and try again");
  const auto all = answer.status == 200 ? models_of(answer.body.reveal()) : std::nullopt;
  if (all) return judge_list(*all, model);
  if (answer.status == 404)
    return of_model(verdict::warning,
                    "the server has no list of models at " + url + "/models (" + status + ")",
                    "the URL in gateway.agent usually ends in /v1");
  return of_model(verdict::failed,
                  "what answers at " + url + " is no OpenAI-compatible server (" + status + ")",
                  "check the URL in gateway.agent, which usually ends in /v1");
}

finding check_model(boost::asio::io_context& io, const net::client_options& how, const ports& env,
                    const config::settings& from) {
  const auto& url = from.service.agent.argument;
  secret key;
  if (auto unread = read_key(env, from.openai.api_key, key); unread.how == verdict::failed) return unread;
  // An HTTP client alone would tell that there is no way, and not where it ends.
  for (auto& step : probe_dial(io, how, url, from.limits.handshake_timeout, "the URL in gateway.agent"))
    if (step.how == verdict::failed)
      return of_model(verdict::failed,
                      "the model's server cannot be reached (" + step.step + "): " + step.what, step.next);
  http_request what;
  what.url = url + "/models";
  what.bearer = std::move(key);
  what.timeout = from.limits.http_timeout;
  auto answer = std::make_shared<std::promise<http_response>>();
  env.http->call(std::move(what), [answer](http_response x) { answer->set_value(std::move(x)); });
  return judge_models(answer->get_future().get(), url, from.openai.model);
}

} // namespace relay::commands
