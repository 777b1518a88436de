// What a chat's queue remembers of actions that are done: the open draft of each turn, and the messages that
// edits went on in. Bounded in entries and bytes; the least recently used goes first.
#pragma once

#include "relay_gateway/actors/core/bounded_map.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace relay::core {

class chat_memory {
public:
  /// The bounds of each of the two kinds.
  static constexpr std::size_t most_drafts = 1'000, most_continued = 200, most_bytes = 256UL << 10;

  /// The draft that this turn has open; null when it has none.
  const std::string* open_draft(const std::string& turn) { return drafts_.find(turn); }
  void open(const std::string& turn, std::string draft);
  void seal(const std::string& turn) { drafts_.erase(turn); }

  /// The ids of the messages that carry the text of this one on; null when it has none.
  const std::vector<std::string>* further(const std::string& message) { return continued_.find(message); }
  void go_on(const std::string& message, std::vector<std::string> further);

  /// Forgets everything: a further edit begins a message of its own, and a turn may open another draft.
  void forget();
  /// What all of it holds in memory, about.
  std::size_t bytes() const { return drafts_.bytes() + continued_.bytes(); }

private:
  template <class Value>
  class lru {
  public:
    explicit lru(std::size_t most) : most_(most) {}
    const Value* find(const std::string& key) {
      auto* x = map_.find(key);
      if (x == nullptr) return nullptr;
      map_.touch(*x);
      return &x->value.what;
    }
    void put(const std::string& key, Value value, std::size_t bytes) {
      auto& x = map_.put(key);
      bytes_ += bytes - x.value.bytes;
      x.value = {std::move(value), bytes};
      map_.touch(x);
      while (map_.size() > most_ || bytes_ > most_bytes) drop(*map_.oldest());
    }
    void erase(const std::string& key) {
      if (auto* x = map_.find(key)) drop(*x);
    }
    std::size_t bytes() const { return bytes_; }

  private:
    struct sized {
      Value what{};
      std::size_t bytes = 0;
    };
    using map = aged_map<std::string, sized>;
    void drop(typename map::entry& x) {
      bytes_ -= x.value.bytes;
      map_.erase(x);
    }
    std::size_t most_, bytes_ = 0;
    map map_;
  };
  lru<std::string> drafts_{most_drafts};
  lru<std::vector<std::string>> continued_{most_continued};
};

} // namespace relay::core
