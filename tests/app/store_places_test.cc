// Environment variables to the folders of other programs.
#include "app/store_places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace relatum::testing {
namespace {

using ::testing::ElementsAre;

jobs::ModelStores with(const std::map<std::string, std::string>& variables,
                       const std::string& home = "/u") {
  return app::default_stores(
      [&](const char* name) {
    const auto at = variables.find(name);
    return at == variables.end() ? std::string() : at->second;
      },
      home);
}

TEST(StorePlaces, AreBelowTheHomeByDefault) {
  const jobs::ModelStores stores = with({});
  EXPECT_EQ(stores.hugging_face, "/u/.cache/huggingface/hub");
  EXPECT_THAT(stores.ollama, ElementsAre("/u/.ollama/models", "/usr/share/ollama/.ollama/models"));
  EXPECT_THAT(stores.lm_studio, ElementsAre("/u/.lmstudio/models", "/u/.cache/lm-studio/models"));
}

// As huggingface_hub has it: HF_HUB_CACHE, else HF_HOME's hub, else that of the user's cache.
TEST(StorePlaces, HuggingFacesVariablesHaveTheirOrder) {
  std::map<std::string, std::string> variables{{"XDG_CACHE_HOME", "/cache"}};
  EXPECT_EQ(with(variables).hugging_face, "/cache/huggingface/hub");
  variables["HF_HOME"] = "/hf";
  EXPECT_EQ(with(variables).hugging_face, "/hf/hub");
  variables["HF_HUB_CACHE"] = "/hub";
  EXPECT_EQ(with(variables).hugging_face, "/hub");
}

TEST(StorePlaces, OllamasVariableStandsForBothOfItsStores) {
  EXPECT_THAT(with({{"OLLAMA_MODELS", "/models"}}).ollama, ElementsAre("/models"));
  EXPECT_THAT(with({}, "/usr/share/ollama").ollama,
              ElementsAre("/usr/share/ollama/.ollama/models"));
}

}  // namespace
}  // namespace relatum::testing
