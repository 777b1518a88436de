// What a run is made of: the seed decides all of it before anything happens.
#pragma once

#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/tests/sim/base/faults.hpp"
#include "relay_gateway/tests/sim/base/seeded_rng.hpp"

#include <map>
#include <string>
#include <vector>

namespace relay::sim {

/// What the connector says of a platform.
struct platform_spec {
  identity who;
  std::uint32_t max_length = 4096;
  bool utf16 = false, drafts = false;
  std::vector<std::string> ops; ///< empty = the legacy set
  bool supports(const std::string& op) const;
};

/// A chat, and who writes there.
struct place {
  std::string platform, chat_id, chat_type, thread_id, parent_id, scope_id, profile;
  std::vector<std::string> users;
  bool older_connector = false; ///< says guild_id instead of scope_id
};

enum class agent_choice : std::uint8_t { link, echo, exec };
enum class identity_choice : std::uint8_t {
  pinned,
  client_credentials,
  given_token,
  token_file,
  login_store
};

struct plan {
  explicit plan(std::uint64_t seed);

  std::uint64_t seed;
  std::vector<platform_spec> platforms; ///< those that the connector knows; the settings front all or some
  std::vector<place> places;
  std::vector<place> chatless; ///< direct messages without a chat id: only who writes is known
  agent_choice agent = agent_choice::link;
  identity_choice credentials = identity_choice::pinned;
  std::size_t agents = 1;
  bool durable = false;     ///< with a state directory
  bool durable_out = false; ///< and actions are kept there, too
  config::settings settings;
  std::map<std::string, std::string> files; ///< secret files of the gateway's machine
  std::string gateway_id, pinned_secret, identity_token, client_secret;

  usec latency{500};         ///< typical, one way
  usec safety{0};            ///< length of the first phase
  std::size_t events = 0;    ///< that people write in it
  double unbuffered = 0;     ///< share of live events that come without a buffer id
  double talk = 0;           ///< share of events that an agent answers
  double unprompted = 0;     ///< share of agent actions that answer nothing
  bool rich = false;         ///< agents use every op, not only the common ones
  bool wide = false;         ///< events, interactions and commands of every form
  bool resends = false;      ///< agents would rather have some actions twice than perhaps not at all
  bool edits = false;        ///< people edit what they wrote, to another text and back to the first one
  bool wordy = false;        ///< edits, captions and prompts may be longer than their platform takes
  bool approvals = false;    ///< agents ask for approvals, and whoever reads one may press
  bool dead_letters = false; ///< an operator looks at what was set aside
  bool embedded = false;     ///< so does a program that the gateway is embedded in, with the typed makers
  bool counting =
      false; ///< agents number their requests from one, each connection anew and under a name of its own
  bool named = false;             ///< agents name themselves in their hello
  std::uint64_t deadly_every = 0; ///< of so many events one kills each agent that takes it; 0 = none

  /// Whether an agent dies of the event with this number, each time.
  bool deadly(std::uint64_t number) const {
    return deadly_every != 0 && number % deadly_every == deadly_every / 2;
  }
  const platform_spec* platform(const std::string& name) const;
  std::string connector_url() const { return "https://connector.example"; }

private:
  // Parts of the constructor, in its order: each draws further from the same numbers.
  void choose_platforms(seeded_rng& rng);
  void choose_identity(seeded_rng& rng);
  void choose_settings(seeded_rng& rng);
  void choose_traffic(seeded_rng& rng);
  void choose_extras();
};

/// `{"contract_version":1,...}`
std::string descriptor_json(const platform_spec& x);

} // namespace relay::sim
