#include "relay_gateway/tests/sim/ports/files.hpp"

#include <algorithm>

namespace relay::sim {

/// One lock of one life.
class sim_lock final : public locked_file, public std::enable_shared_from_this<sim_lock> {
public:
  sim_lock(shared_files& all, std::shared_ptr<process> host, std::string path, std::uint64_t number)
      : all_(all), host_(std::move(host)), path_(std::move(path)), number_(number) {
    all_.who_.lock_held(path_, true);
  }
  sim_lock(const sim_lock&) = delete;
  sim_lock& operator=(const sim_lock&) = delete;
  ~sim_lock() override { all_.release(path_, number_); }

  void replace(secret text, std::function<void(std::string)> done) override {
    auto takes = all_.rng_.with_tail(usec{400});
    if (all_.on_.faults.hit(fault::login_unwritten)) {
      host_->inside(takes, [done = std::move(done)] { done("no space left on device"); });
      return;
    }
    // Renamed into place first, told afterwards: a process may be killed in between.
    host_->inside(takes, [me = shared_from_this(), text = std::move(text), done = std::move(done)]() mutable {
      if (!me->all_.holds(me->path_, me->number_)) return;
      me->all_.content_[me->path_] = text.reveal();
      me->all_.who_.file_written(me->path_, text.reveal(), true);
      me->host_->inside(usec{100}, [done = std::move(done)] { done({}); });
    });
  }

private:
  shared_files& all_;
  std::shared_ptr<process> host_;
  std::string path_;
  std::uint64_t number_;
};

class sim_files final : public file_port, public std::enable_shared_from_this<sim_files> {
public:
  sim_files(shared_files& all, std::shared_ptr<process> host) : all_(all), host_(std::move(host)) {}

  void lock(std::string path, milliseconds patience, std::function<void(file_locked)> done) override {
    if (!host_->alive()) return;
    auto number = ++all_.tickets_;
    auto told = std::make_shared<std::function<void(file_locked)>>(std::move(done));
    host_->listen([&all = all_, path, number](bool suspended) {
      if (suspended) return;
      all.give_up(path, number);
      all.release(path, number);
    });
    host_->inside(usec{100}, [this, me = shared_from_this(), path, number, patience, told] {
      if (all_.content_.count(path) == 0) {
        file_locked none;
        none.missing = true;
        (*told)(std::move(none));
        return;
      }
      all_.acquire(path, number, [this, me, path, number, told] {
        auto mine = std::make_shared<sim_lock>(all_, host_, path, number);
        host_->inside(usec{100}, [this, me, path, mine = std::move(mine), told]() mutable {
          file_locked out;
          out.text = secret{all_.read(path)};
          if (all_.on_.faults.hit(fault::login_unwritten)) out.unwritable = "read-only file system";
          out.file = std::move(mine);
          (*told)(std::move(out));
        });
      });
      if (all_.holds(path, number)) return;
      host_->inside(usec{patience}, [this, me, path, number, told] {
        if (!all_.give_up(path, number)) return;
        file_locked late;
        late.error = "another program holds its lock";
        (*told)(std::move(late));
      });
    });
  }

private:
  shared_files& all_;
  std::shared_ptr<process> host_;
};

std::shared_ptr<file_port> shared_files::port(std::shared_ptr<process> host) {
  return std::make_shared<sim_files>(*this, std::move(host));
}

void shared_files::elsewhere(const std::string& path, usec holds, std::function<void()> deed) {
  auto number = ++tickets_;
  acquire(path, number, [this, path, number, holds, deed = std::move(deed)] {
    on_.time.after(holds, [this, path, number, deed] {
      deed();
      release(path, number);
    });
  });
}

void shared_files::write(const std::string& path, std::string text) {
  who_.file_written(path, text, false);
  content_[path] = std::move(text);
}

std::string shared_files::read(const std::string& path) const {
  auto it = content_.find(path);
  return it == content_.end() ? std::string{} : it->second;
}

bool shared_files::holds(const std::string& path, ticket who) const {
  auto it = doors_.find(path);
  return it != doors_.end() && it->second.holder == who;
}

void shared_files::acquire(const std::string& path, ticket who, std::function<void()> then) {
  auto& x = doors_[path];
  if (x.holder != 0) {
    x.waiting.emplace_back(who, std::move(then));
    return;
  }
  x.holder = who;
  then();
}

bool shared_files::give_up(const std::string& path, ticket who) {
  auto n = std::erase_if(doors_[path].waiting, [who](auto& x) { return x.first == who; });
  return n > 0;
}

void shared_files::release(const std::string& path, ticket who) {
  auto& x = doors_[path];
  if (x.holder != who || closed_) return;
  x.holder = 0;
  who_.lock_held(path, false);
  if (x.waiting.empty()) return;
  auto next = std::move(x.waiting.front());
  x.waiting.pop_front();
  x.holder = next.first;
  next.second();
}

} // namespace relay::sim
