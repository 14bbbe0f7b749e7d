// What the system says about this process, under the names that Prometheus' own client libraries use.
#ifndef BARYON_SERVER_METRICS_PROCESS_FIGURES_H_
#define BARYON_SERVER_METRICS_PROCESS_FIGURES_H_

#include <vector>

#include "prometheus/metric_family.h"

namespace baryon {

// process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes, process_open_fds,
// process_max_fds, process_threads, process_start_time_seconds. What cannot be read is left out. Thread-safe.
std::vector<prometheus::MetricFamily> ProcessFigures();

}  // namespace baryon

#endif  // BARYON_SERVER_METRICS_PROCESS_FIGURES_H_
