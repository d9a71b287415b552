// Names the relation of one marked sentence: the library in thirty lines.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "engine/worker.h"
#include "task/pipeline.h"
#include "task/prompt.h"
#include "train/peft.h"

namespace {

using namespace relatum;

// "Bo Nilsen" stands at code points 0 to 9, "Kestrel Airways" at 20 to 35.
task::Example sentence() {
  return {"1", "Bo Nilsen flies for Kestrel Airways.", {0, 9, ""}, {20, 35, ""}, {}};
}

void run(const std::string& model, const std::string& adapter) {
  const engine::Session session(model, {});
  std::unique_ptr<train::Adapter> pairs;
  if (!adapter.empty()) pairs = train::load_peft(adapter, session.model(), session.compute());
  engine::Worker worker(session, pairs ? &pairs->set() : nullptr);
  const task::PromptRenderer renderer(
      task::load_style("compact"), task::Labels({"works_for", "founded", "no_relation"}));
  const std::vector<task::Prompt> prompts = {renderer.render(sentence())};
  task::AnswerOptions options;
  options.keep_scores = true;
  for (const task::Prediction& answer :
       task::answer_prompts(worker, renderer, prompts, options, Context{})) {
    for (const auto& [label, probability] : answer.scores) {
      std::printf("%-12s %.4f\n", label.c_str(), probability);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: name_relation MODEL [ADAPTER]\n");
    return 2;
  }
  try {
    run(argv[1], argc > 2 ? argv[2] : "");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "name_relation: %s\n", error.what());
    return 1;
  }
  return 0;
}
