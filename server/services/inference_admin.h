// What Triton's extensions of the Open Inference Protocol say about models: configuration, statistics, index.
#ifndef BARYON_SERVER_SERVICES_INFERENCE_ADMIN_H_
#define BARYON_SERVER_SERVICES_INFERENCE_ADMIN_H_

#include <vector>

#include "server/models/model_registry.h"
#include "server/models/model_repository.h"
#include "server/models/served_model.h"

namespace inference {
class ModelConfig;
class ModelStatistics;
class RepositoryIndexResponse;
}  // namespace inference

namespace baryon {

// Names, datatypes and sizes of `model`. When it joins requests and axis 0 of all inputs and outputs is free, Triton's
// clients are told so by a max_batch_size above 0 and dims without that axis.
void DescribeConfig(const ServedModel& model, inference::ModelConfig& config);

// What `model` has done. Times of requests that failed are in `fail` alone, as Triton counts.
void DescribeStatistics(const ServedModel& model, inference::ModelStatistics& statistics);

// `known` and, unless `ready_only`, what is `on_disk` and not known; ordered by name and version.
void DescribeIndex(const std::vector<ModelRegistry::Entry>& known, const std::vector<ModelVersion>& on_disk,
                   bool ready_only, inference::RepositoryIndexResponse& response);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_INFERENCE_ADMIN_H_
