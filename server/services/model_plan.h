// Why a model serves as it does, for people: limits, threads, batches, costs and memory.
#ifndef BARYON_SERVER_SERVICES_MODEL_PLAN_H_
#define BARYON_SERVER_SERVICES_MODEL_PLAN_H_

#include "nlohmann/json.hpp"
#include "server/models/served_model.h"

namespace baryon {

// What GET /v2/models/NAME/plan answers. Times are in milliseconds and end in "_ms", sizes in bytes; what has no limit
// is null:
//
//   {"name": "digits", "version": 1,
//    "load": {"ms": 31.5, "costs_from": "measured in 1.2 s"},
//    "memory": {"weight_bytes": ..., "workspace_bytes": ..., "total_bytes": ...},
//    "threads": {"process": 2, "of_a_pass": 1, "passes_at_once": 2},
//    "batching": {"joined": true, "why": "...", "max_rows": 32, "max_rows_now": 32, "best_rows": 16, "gain": 1.7,
//                 "max_delay_ms": 0, "objective_ms": 2},
//    "limits": {"queued_requests": ..., "queued_rows": ..., "queued_bytes": ..., "max_wait_ms": null},
//    "now": {"queued_requests": 0, "queued_rows": 0, "queued_bytes": 0, "passes": 0, "predicted_wait_ms": 0,
//            "rows_per_second": 0},
//    "costs": {"correction": 1.02, "passes": [{"threads": 1, "rows": 1, "p50_ms": 0.03, "p95_ms": 0.04}, ...],
//              "stopped_by": null}}
nlohmann::ordered_json DescribePlan(const ModelPlan& plan);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_MODEL_PLAN_H_
