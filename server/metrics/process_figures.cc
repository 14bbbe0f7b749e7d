#include "server/metrics/process_figures.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace baryon {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily Figure(const char* name, const char* help, MetricType type, double value) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  prometheus::ClientMetric metric;
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family.metric.push_back(metric);
  return family;
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

std::optional<double> CountOpenFiles() {
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return std::nullopt;
  double count = -3;  // ".", ".." and the folder itself
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

// Field `index` of /proc/self/stat, counted from 1; those behind the name, which may have blanks and brackets in it.
std::optional<double> StatField(int index) {
  std::ifstream file("/proc/self/stat");
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string field;
  for (int i = 3; i <= index; ++i) fields >> field;
  return fields ? std::optional<double>(std::strtod(field.c_str(), nullptr)) : std::nullopt;
}

std::optional<double> BootTime() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return std::nullopt;
}

}  // namespace

std::vector<MetricFamily> ProcessFigures() {
  constexpr int kThreads = 20, kStart = 22;  // fields of stat
  std::vector<MetricFamily> figures;
  const auto add = [&](const char* name, const char* help, std::optional<double> value,
                       MetricType type = MetricType::Gauge) {
    if (value.has_value()) figures.push_back(Figure(name, help, type, *value));
  };
  if (rusage usage{}; getrusage(RUSAGE_SELF, &usage) == 0) {
    add("process_cpu_seconds_total", "User and system time.", Seconds(usage.ru_utime) + Seconds(usage.ru_stime),
        MetricType::Counter);
  }
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  double virtual_pages = 0, resident_pages = 0;
  if (std::ifstream file("/proc/self/statm"); file >> virtual_pages >> resident_pages) {
    add("process_resident_memory_bytes", "Resident memory.", resident_pages * page);
    add("process_virtual_memory_bytes", "Virtual memory.", virtual_pages * page);
  }
  add("process_open_fds", "Open file descriptors.", CountOpenFiles());
  if (rlimit limit{}; getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    add("process_max_fds", "Most file descriptors.", static_cast<double>(limit.rlim_cur));
  }
  add("process_threads", "Threads.", StatField(kThreads));
  const std::optional<double> boot = BootTime(), start = StatField(kStart);
  if (boot.has_value() && start.has_value()) {
    const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    add("process_start_time_seconds", "When it started, since 1970.", *boot + *start / ticks);
  }
  return figures;
}

}  // namespace baryon
