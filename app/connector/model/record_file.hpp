// The records on disk, a JSON object a line, for whoever looks at a run afterwards. Holds what people wrote:
// mode 0600.
#pragma once

#include <string>
#include <string_view>

namespace relay::connector {

class record_file {
public:
  record_file() = default;
  record_file(const record_file&) = delete;
  record_file& operator=(const record_file&) = delete;
  ~record_file();

  /// Appends to what is there. False and one line in `error` on failure.
  bool open(const std::string& path, std::string& error);
  bool present() const { return fd_ >= 0; }
  /// Whole lines. After a failure, told once in `error`, nothing more is written.
  bool append(std::string_view lines, std::string& error);

private:
  std::string path_;
  int fd_ = -1;
};

} // namespace relay::connector
