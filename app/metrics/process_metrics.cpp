#include "relay_gateway/app/metrics/process_metrics.hpp"

#include <chrono>
#include <dirent.h>
#include <fstream>
#include <memory>
#include <sys/resource.h>
#include <unistd.h>

namespace relay {

namespace {

prometheus::MetricFamily family(const char* name, const char* help, prometheus::MetricType type,
                                double value) {
  prometheus::MetricFamily result;
  result.name = name;
  result.help = help;
  result.type = type;
  prometheus::ClientMetric metric;
  if (type == prometheus::MetricType::Counter)
    metric.counter.value = value;
  else
    metric.gauge.value = value;
  result.metric.push_back(std::move(metric));
  return result;
}

/// Pages; 0 when unknown.
unsigned long long resident_pages() {
  unsigned long long total = 0, resident = 0;
  std::ifstream file{"/proc/self/statm"};
  return file >> total >> resident ? resident : 0;
}

/// 0 when unknown.
int open_files() {
  auto close = [](DIR* d) { ::closedir(d); };
  std::unique_ptr<DIR, decltype(close)> folder{::opendir("/proc/self/fd"), close};
  int n = 0;
  if (folder)
    while (const auto* entry = ::readdir(folder.get()))
      if (entry->d_name[0] != '.') ++n;
  return n > 0 ? n - 1 : 0; // without the one that counts
}

double seconds(const timeval& x) {
  return static_cast<double>(x.tv_sec) + static_cast<double>(x.tv_usec) / 1e6;
}

} // namespace

std::vector<prometheus::MetricFamily> process_metrics(std::chrono::system_clock::time_point started) {
  using prometheus::MetricType;
  std::vector<prometheus::MetricFamily> result;
  if (auto pages = resident_pages())
    result.push_back(family("process_resident_memory_bytes", "Resident memory size in bytes.",
                            MetricType::Gauge,
                            static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE))));
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) == 0)
    result.push_back(family("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
                            MetricType::Counter, seconds(used.ru_utime) + seconds(used.ru_stime)));
  if (auto n = open_files())
    result.push_back(family("process_open_fds", "Number of open file descriptors.", MetricType::Gauge, n));
  rlimit most{};
  if (::getrlimit(RLIMIT_NOFILE, &most) == 0)
    result.push_back(family("process_max_fds", "Maximum number of open file descriptors.", MetricType::Gauge,
                            static_cast<double>(most.rlim_cur)));
  auto since = std::chrono::duration<double>(started.time_since_epoch()).count();
  result.push_back(family("process_start_time_seconds",
                          "Start time of the process since unix epoch in seconds.", MetricType::Gauge,
                          since));
  return result;
}

} // namespace relay
