// The agent that asks a model on an OpenAI-compatible server (gateway.agent `openai:`): each event is a
// question, its answer is streamed into the chat.
#pragma once

#include "relay_gateway/actors/agents/core/conversations.hpp"
#include "relay_gateway/actors/agents/core/model_turn.hpp"
#include "relay_gateway/actors/core/alarm.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/config/settings.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace relay {

/// A piece of an HTTP exchange: of the request of this number.
struct model_news {
  enum class kind : std::uint8_t { head, piece, end };
  std::uint64_t request = 0;
  kind what = kind::piece;
  std::string text{};  ///< a head's content type; a piece of the body
  http_response end{}; ///< of kind::end
};
/// The key file was read for this request.
struct model_key_read {
  std::uint64_t request = 0;
  secret_read key;
};
/// An image of a delivery that waits for it.
struct model_image_read {
  std::string delivery_id;
  std::size_t at = 0;
  media_bytes what;
};
/// Sessions of the store: one that was asked for, or all with open questions.
struct model_sessions_found {
  std::string session; ///< empty: all with open questions
  std::vector<conversation_kept> found;
};

/// OPENAI AGENT: one question of a session at a time, several sessions at once.
using openai_agent_actor = agent_actor::extend<
    // the HTTP stream port.
    caf::reacts_to<model_news>,
    // the secret file port, the media port, the store port.
    caf::reacts_to<model_key_read>, caf::reacts_to<model_image_read>, caf::reacts_to<model_sessions_found>,
    // INTERNAL: something of a turn may be due.
    caf::reacts_to<atom::due>>;

struct openai_setup {
  std::string url;           ///< of the API: `http://127.0.0.1:11434/v1`
  std::string model, system; ///< either may be empty
  config::secret_source key;
  bool stream = true;
  core::answer_limits limits;
  core::conversation_bounds bounds;
};
openai_setup openai_setup_of(const config::settings& settings);

struct openai_state {
  static inline const char* name = "agent-openai";
  explicit openai_state(openai_agent_actor::pointer ptr) : self(ptr) {}

  /// A question that is asked.
  struct asking {
    std::string session;
    core::model_turn turn;
    std::shared_ptr<http_exchange> exchange{};
    std::uint64_t request = 0; ///< of its exchange, or of its key; 0 = none
    core::deadline ask_at{};   ///< the server wants no request before
    secret key{};
    bool forgotten = false; ///< its session has begun anew since
    bool measured = false;  ///< its time to the first token is counted
  };
  /// A delivery whose images are read.
  struct gathering {
    delivery what;
    std::vector<std::string> images;
    std::size_t left = 0;
  };

  // -- deliveries (openai.cpp)
  void load();
  void sessions_found(model_sessions_found& x);
  void take(delivery& x);
  bool hold(delivery& x);
  void hold_for_store(delivery& x);
  void retake(const std::string& session);
  bool obey_command(const delivery& x, std::string& rest);
  void read_images(delivery& x);
  void image_read(model_image_read& x);
  void withdraw(const delivery_withdrawn& x);
  void accept(const delivery& x, const std::vector<std::string>& images);
  void acknowledge(const delivery& x);
  void tell_answered(const std::string& session);
  void say(const delivery& answered, const std::string& text);
  void stop_session(const std::string& session, bool forget);
  void interrupt(const turn_interrupt& x);
  void keep(const std::string& session);
  void finish();

  // -- questions (openai_turns.cpp)
  void start();
  void execute(std::uint64_t id, core::turn_orders& x);
  void perform(std::uint64_t id, const core::display_action& x);
  void ask(std::uint64_t id);
  void key_read(model_key_read& x);
  void send_request(asking& x);
  void on_news(model_news& x);
  void ended(std::uint64_t id);
  void report(asking& x);
  void wake(); ///< does what is due
  void arm();
  asking* of_request(std::uint64_t request, std::uint64_t& id);
  descriptor platform_of(const std::string& platform) const;

  openai_agent_actor::pointer self;
  ports env;
  openai_setup setup;
  agent_host host;
  std::vector<descriptor> platforms;
  core::conversations sessions;
  std::map<std::uint64_t, asking> turns;                      ///< by number
  std::map<std::string, std::uint64_t> turn_of;               ///< by session
  std::map<std::string, std::vector<delivery>> held;          ///< not acknowledged yet, by session
  std::map<std::string, gathering> gathered;                  ///< by delivery
  std::map<std::string, std::vector<std::string>> unanswered; ///< that the host keeps, by session
  std::unordered_set<std::string> recent;                     ///< deliveries that were answered
  std::deque<std::string> recent_order;
  std::uint64_t turns_ever = 0, requests_ever = 0;
  core::alarm alarm; ///< of all turns
  core::deadline not_before;
  bool known = false; ///< the store has told what earlier processes left open
  bool takes_images = true, draining = false;
};

/// `parent`: its supervisor.
openai_agent_actor::behavior_type openai_agent(openai_agent_actor::stateful_pointer<openai_state> self,
                                               ports env, openai_setup setup,
                                               const caf::strong_actor_ptr& parent);

} // namespace relay

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::model_news)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::model_key_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::model_image_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::model_sessions_found)
