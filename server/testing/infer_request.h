// Requests of the Open Inference Protocol.
#ifndef BARYON_SERVER_TESTING_INFER_REQUEST_H_
#define BARYON_SERVER_TESTING_INFER_REQUEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "proto/inference.pb.h"

namespace baryon {

// A request to `model` for one row of `columns` float32 elements, its input "data", which are still to be added.
inline inference::ModelInferRequest InferRequestWithout(const std::string& model, int64_t columns) {
  inference::ModelInferRequest request;
  request.set_model_name(model);
  auto& input = *request.add_inputs();
  input.set_name("data");
  input.set_datatype("FP32");
  input.add_shape(1);
  input.add_shape(columns);
  return request;
}

// The same with its elements.
inline inference::ModelInferRequest InferRequestFor(const std::string& model, const std::vector<float>& row) {
  inference::ModelInferRequest request = InferRequestWithout(model, static_cast<int64_t>(row.size()));
  for (float element : row) request.mutable_inputs(0)->mutable_contents()->add_fp32_contents(element);
  return request;
}

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_INFER_REQUEST_H_
