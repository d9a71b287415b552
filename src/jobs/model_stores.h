// Models that other programs keep on this machine: read where they lie, never written to.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/models_folder.h"

namespace relatum::jobs {

/// Hugging Face's cache (…/huggingface/hub): models--ORG--NAME/snapshots/COMMIT, the commit that
/// refs/main names, or the only one; of several without a main `problem` has the paths. Named
/// ORG/NAME, and ORG/NAME/FILE.gguf where it holds several GGUF files.
std::vector<NamedModel> hugging_face_models(const std::filesystem::path& hub);
/// Ollama's store: a model per manifest, named as `ollama list` does ("llama3.2:1b",
/// "someone/model:latest"). What cannot be used alone has its `problem` set.
std::vector<NamedModel> ollama_models(const std::filesystem::path& store);
/// LM Studio's folder: ORG/NAME with one model in it, ORG/NAME/FILE.gguf where there are several.
std::vector<NamedModel> lm_studio_models(const std::filesystem::path& folder);

/// All models of all stores that are there, sorted by name.
std::vector<NamedModel> stored_models(const ModelStores& stores);

/// The digest of the model's blob in the text of an Ollama manifest, as "sha256:…". Throws Error
/// with `place` where there is not exactly one model, where an adapter belongs to it, and for a
/// digest that is none.
std::string ollama_model_digest(std::string_view manifest, const std::string& place);

}  // namespace relatum::jobs
