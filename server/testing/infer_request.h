// Requests of the Open Inference Protocol.
#ifndef BARYON_SERVER_TESTING_INFER_REQUEST_H_
#define BARYON_SERVER_TESTING_INFER_REQUEST_H_

#include <string>
#include <vector>

#include "proto/inference.pb.h"

namespace baryon {

// A request to `model` for one row of its input "data".
inline inference::ModelInferRequest InferRequestFor(const std::string& model, const std::vector<float>& row) {
  inference::ModelInferRequest request;
  request.set_model_name(model);
  auto& input = *request.add_inputs();
  input.set_name("data");
  input.set_datatype("FP32");
  input.add_shape(1);
  input.add_shape(static_cast<int64_t>(row.size()));
  for (float element : row) input.mutable_contents()->add_fp32_contents(element);
  return request;
}

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_INFER_REQUEST_H_
