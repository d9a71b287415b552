// What a base is called where models are published, and what it says of its licence.
#pragma once

#include <string>

#include "arch/model_files.h"

namespace relatum::jobs {

struct BaseIdentity {
  std::string name;         ///< a repository's ORG/NAME, or the name that it has on this machine
  bool repository = false;  ///< the former
  std::string license;      ///< an identifier such as "apache-2.0"; empty: its files name none
};

/// `given`: as it was named. A repository is known from Hugging Face's cache, from what a GGUF file
/// says that it was converted from, or from a name of that form that is no path. The licence is
/// what the GGUF file, or the model card beside the weights, says of the model.
BaseIdentity base_identity(const arch::ModelFiles& files, const std::string& given);

}  // namespace relatum::jobs
