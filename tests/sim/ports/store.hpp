// store_port of the simulated world: a disk that outlives the lives of a process, takes its time, refuses for
// a while, and keeps of a crash only what it had written.
#pragma once

#include "relay_gateway/tests/actors/durable_store.hpp"
#include "relay_gateway/tests/sim/base/observer.hpp"
#include "relay_gateway/tests/sim/ports/process.hpp"

#include <functional>
#include <memory>

namespace relay::sim {

class sim_disk {
public:
  /// `sees` hears of each record once it is on disk.
  sim_disk(stage on, usec latency, observer& who, std::function<void(const store_record&)> sees);
  /// The port of one life. Opens the disk anew.
  std::shared_ptr<store_port> open(std::shared_ptr<process> host);
  /// The process of that life died: of what it had asked for some is on disk, in order.
  void crash();
  /// It ended in order: what it had asked for is written, if the disk takes anything.
  void close();
  /// It takes nothing before then.
  void refuse_until(usec when);
  /// It is nearly full before then: it takes what it is given, and wants no further events.
  void scarce_until(usec when);
  testing::disk_image& image() { return store_.disk; }
  testing::durable_store& rows() { return store_; }

private:
  friend class sim_store;
  bool scarce() const { return on_.time.now() < scarce_until_; }
  void submitted();
  void work();
  stage on_;
  usec latency_;
  observer& who_;
  seeded_rng rng_;
  testing::durable_store store_;
  std::shared_ptr<process> host_;
  usec full_until_{0}, scarce_until_{0}, clear_at_{0};
  bool waiting_ = false, refused_ = false;
};

} // namespace relay::sim
