// media_port: HTTP on the io_context's thread, files on the disk's, one piece between them at a time.
#include "relay_gateway/app/net/http/media_client.hpp"

#include "relay_gateway/app/net/http/http_call.hpp"
#include "relay_gateway/app/net/http/media_files.hpp"

#include <boost/asio/post.hpp>

#include <filesystem>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace relay::net {

namespace {

constexpr std::size_t piece_size = 64UL * 1024;

/// What all transfers of one port share.
struct media_room {
  media_room(asio::io_context& where, client_options how, std::string base)
      : io(where), options(std::move(how)), directory(std::move(base)) {}

  /// The io_context's thread only. Asked again at every use: what is mended on disk needs no restart.
  std::shared_ptr<const dial_context> dial(std::string& error) {
    if (!context) context = make_dial_context(io, options, error);
    return context;
  }

  asio::io_context& io;
  client_options options;
  std::shared_ptr<const dial_context> context;
  media_directory directory;
  disk_thread disk; // declared last: it ends before what its jobs use
};

/// A transfer: held by what is under way. Whoever runs on the disk's thread gives its hold away to the
/// io_context's before it ends, so that nothing is ever destroyed there.
template <class Derived>
class transfer : public std::enable_shared_from_this<Derived> {
public:
  explicit transfer(std::shared_ptr<media_room> room) : room_(std::move(room)) {}

protected:
  /// `work` on the disk's thread, then `next` with what it returned on the io_context's.
  template <class Work, class Next>
  void on_disk(Work work, Next next) {
    auto& disk = room_->disk;
    disk.run([self = this->shared_from_this(), &io = room_->io, work = std::move(work),
              next = std::move(next)]() mutable {
      auto result = work();
      asio::post(io, [self = std::move(self), result = std::move(result), next = std::move(next)]() mutable {
        next(std::move(result));
      });
    });
  }
  std::shared_ptr<media_room> room_;
};

std::string pinned_as(const std::string& name, const std::string& url) { return name + "\n" + url; }

class fetching final : public transfer<fetching> {
public:
  fetching(std::shared_ptr<media_room> room, media_fetch what, std::function<void(media_fetched)> done)
      : transfer(std::move(room)), what_(std::move(what)), done_(std::move(done)) {}

  void start() {
    if (what_.pin.empty()) return call();
    struct found {
      bool there = false;
      std::uint64_t bytes = 0;
    };
    on_disk(
        [this] {
          found out;
          auto& files = room_->directory;
          kept_ = files.pinned_path(pinned_as(what_.pin, what_.url));
          out.there =
              files.pinned(kept_, out.bytes) ||
              (!what_.pin_before.empty() &&
               files.rename_pinned(files.pinned_path(pinned_as(what_.pin_before, what_.url)), kept_) &&
               files.pinned(kept_, out.bytes));
          return out;
        },
        [this](const found& x) {
          if (!x.there) return call();
          done_({kept_, x.bytes, {}});
        });
  }

private:
  void call() {
    std::string error;
    auto context = room_->dial(error);
    if (!context) return done_({{}, 0, error});
    http_request call;
    call.url = what_.url;
    call.bearer = std::move(what_.bearer);
    call.timeout = what_.timeout;
    call.max_body = what_.max_bytes;
    http_stream stream;
    stream.keep = [self = shared_from_this()](std::string piece, http_stream::keep_done then) {
      self->keep(std::move(piece), std::move(then));
    };
    std::make_shared<http_call>(
        std::move(context), std::move(call),
        [self = shared_from_this()](const http_response& x) { self->answered(x); }, std::move(stream))
        ->start();
  }

  void keep(std::string piece, http_stream::keep_done then) {
    bytes_ += piece.size();
    on_disk(
        [this, piece = std::move(piece)] {
          std::string error;
          if (!file_) file_ = room_->directory.create(path_, error);
          return file_ ? file_.write(piece) : error;
        },
        std::move(then));
  }

  void answered(const http_response& x) {
    std::string error = x.error;
    if (error.empty() && (x.status < 200 || x.status > 299))
      error = "HTTP status " + std::to_string(x.status);
    on_disk(
        [this, error, status = x.status, wait = x.retry_after, date = x.date]() mutable {
          if (error.empty() && !file_) file_ = room_->directory.create(path_, error); // an empty attachment
          // What cannot be pinned still serves this process.
          if (error.empty() && file_ && !kept_.empty() && room_->directory.pin(file_, path_, kept_).empty())
            path_ = kept_;
          file_.close();
          if (!error.empty() && !path_.empty()) {
            room_->directory.remove(path_);
            path_.clear();
          }
          return media_fetched{path_, path_.empty() ? 0 : bytes_, error, status, wait, date};
        },
        [this](media_fetched result) { done_(std::move(result)); });
  }

  media_fetch what_;
  std::function<void(media_fetched)> done_;
  file_handle file_; // and both paths: the disk's thread only, until it has told its last
  std::string path_, kept_;
  std::uint64_t bytes_ = 0;
};

class uploading final : public transfer<uploading> {
public:
  uploading(std::shared_ptr<media_room> room, media_upload what, std::function<void(media_uploaded)> done)
      : transfer(std::move(room)), what_(std::move(what)), done_(std::move(done)) {}

  void start() {
    on_disk(
        [this] {
          std::string error;
          file_ = open_to_read(what_.path, size_, error);
          return error;
        },
        [this](std::string error) { opened(std::move(error)); });
  }

private:
  using step = media_uploaded::step;
  void end(step how, std::string error) { done_({how, 0, {}, std::move(error), {}, {}}); }

  void opened(std::string error) {
    if (!error.empty()) return end(step::file_unreadable, std::move(error));
    if (size_ > what_.max_bytes)
      return end(step::file_too_large,
                 "the file is larger than " + std::to_string(what_.max_bytes) + " bytes");
    auto context = room_->dial(error);
    if (!context) return end(step::not_reached, std::move(error));
    http_request call;
    call.method = "POST";
    call.url = what_.url;
    call.bearer = std::move(what_.bearer);
    call.timeout = what_.timeout;
    call.max_body = 64 << 10;
    call.headers = {{"Content-Type", what_.content_type}, {"Accept", "application/json"}};
    if (auto name = header_text(what_.filename); !name.empty())
      call.headers.emplace_back("X-Media-Filename", std::move(name));
    http_stream stream;
    stream.length = size_;
    stream.give = [self = shared_from_this()](http_stream::piece_done then) { self->give(std::move(then)); };
    std::make_shared<http_call>(
        std::move(context), std::move(call),
        [self = shared_from_this()](const http_response& x) {
          if (x.status == 0) return self->end(step::not_reached, x.error);
          self->done_({step::answered, x.status, x.body.reveal(), {}, x.retry_after, x.date});
        },
        std::move(stream))
        ->start();
  }

  void give(http_stream::piece_done then) {
    struct piece {
      std::string bytes, error;
    };
    on_disk(
        [this] {
          piece out;
          out.bytes = file_.read(piece_size, out.error);
          return out;
        },
        [then = std::move(then)](piece x) { then(std::move(x.bytes), std::move(x.error)); });
  }

  /// A name may hold anything but what would end the header.
  static std::string header_text(std::string name) {
    std::erase_if(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
    return name;
  }

  media_upload what_;
  std::function<void(media_uploaded)> done_;
  file_handle file_;
  std::uint64_t size_ = 0;
};

class beast_media_port final : public media_port {
public:
  beast_media_port(asio::io_context& io, client_options how, std::string base)
      : room_(std::make_shared<media_room>(io, std::move(how), std::move(base))) {}
  beast_media_port(const beast_media_port&) = delete;
  beast_media_port& operator=(const beast_media_port&) = delete;
  ~beast_media_port() override {
    // A call that is under way may keep the room for a while.
    room_->disk.stop();
    room_->directory.clear();
  }

  void fetch(media_fetch what, std::function<void(media_fetched)> done) override {
    auto one = std::make_shared<fetching>(room_, std::move(what), std::move(done));
    asio::post(room_->io, [one] { one->start(); });
  }
  void upload(media_upload what, std::function<void(media_uploaded)> done) override {
    auto one = std::make_shared<uploading>(room_, std::move(what), std::move(done));
    asio::post(room_->io, [one] { one->start(); });
  }
  void remove(std::vector<std::string> paths) override {
    room_->disk.run([room = room_.get(), paths = std::move(paths)] {
      for (auto& path : paths) room->directory.remove(path);
    });
  }
  void read(std::string path, std::uint64_t max_bytes, std::function<void(media_bytes)> done) override {
    room_->disk.run([path = std::move(path), max_bytes, done = std::move(done)] {
      media_bytes out;
      std::uint64_t size = 0;
      const auto file = open_to_read(path, size, out.error);
      if (file && size > max_bytes)
        out.error = "the file is larger than " + std::to_string(max_bytes) + " bytes";
      while (file && out.error.empty()) {
        auto piece = file.read(piece_size, out.error);
        if (piece.empty()) break;
        out.bytes += piece;
        if (out.bytes.size() > max_bytes) out.error = "the file grew while it was read";
      }
      if (!out.error.empty()) out.bytes.clear();
      done(std::move(out));
    });
  }
  void unpin(std::string pin, std::vector<std::string> urls) override {
    room_->disk.run([room = room_.get(), pin = std::move(pin), urls = std::move(urls)] {
      for (auto& url : urls) room->directory.remove(room->directory.pinned_path(pinned_as(pin, url)));
    });
  }

private:
  std::shared_ptr<media_room> room_;
};

} // namespace

std::string media_base(const std::string& state_dir) {
  if (!state_dir.empty()) return state_dir + "/media";
  std::error_code ec;
  auto temp = std::filesystem::temp_directory_path(ec);
  return (ec ? std::string{"/tmp"} : temp.string()) + "/relay-gateway-" + std::to_string(::geteuid());
}

std::shared_ptr<media_port> make_media_port(asio::io_context& io, client_options what, std::string base) {
  return std::make_shared<beast_media_port>(io, std::move(what), std::move(base));
}

} // namespace relay::net
