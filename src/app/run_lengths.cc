// Renders and tokenises as the stages will.
#include "app/run_lengths.h"

#include <fmt/format.h>

#include "base/error.h"
#include "task/answer_prompts.h"
#include "task/prompt.h"

namespace relatum::app {

void check_run_lengths(const RunStage& stage, const task::Dataset& data,
                       const engine::Session& session) {
  const task::PromptStyle style = task::load_style(stage.value("prompt", "roles-nolist"));
  if (style.body.needs_example() || data.labels.empty()) return;
  const task::PromptRenderer renderer(style, data.labels);
  const int64_t answer = task::longest_answer(session, renderer);
  const int64_t context = session.model().info().context;
  for (const task::Example& example : data.examples) {
    const task::Prompt prompt = renderer.render(example, {});
    const int64_t tokens =
        int64_t(task::prompt_row(session, prompt, stage.has("chat")).size()) + answer;
    if (tokens <= context) continue;
    fail("app.run", fmt::format("{}:{}: example '{}' takes {} tokens with its prompt and answer, "
                                "the model's context is {}. Use a shorter prompt style, or "
                                "skip-bad-rows = true.", data.file, example.line, example.id,
                                tokens, context));
  }
}

}  // namespace relatum::app
