// Manifests of Ollama's store: what they name is a blob of its own and nothing else.
#include <string>

#include "../target.h"
#include "jobs/model_stores.h"

namespace relatum::fuzz {
namespace {

bool run(Bytes bytes) {
  return accepts([&] {
    const std::string digest = jobs::ollama_model_digest(text_of(bytes), "manifest");
    require(digest.size() == 71 && digest.find('/') == digest.npos, "a digest is a plain name");
  });
}

}  // namespace

const Target& target_ollama_manifest() {
  static const Target target{"ollama_manifest", run};
  return target;
}

}  // namespace relatum::fuzz
