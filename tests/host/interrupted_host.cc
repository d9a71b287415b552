// A host program that is interrupted a thousand times a second while the library works for it.
//
//   interrupted_host MODEL EMBEDDER [SECONDS]
//
// Trains, answers and embeds once undisturbed, then again and again under a 1 kHz timer whose
// handler overwrites the stack below it, for so long or, without SECONDS, three times. Exit status
// 1 where a bit of any result differs, or where the timer never rang.
#include <signal.h>
#include <sys/time.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "base/hash.h"
#include "engine/worker.h"
#include "retrieve/embedder.h"
#include "task/answer_prompts.h"
#include "train/adapter.h"
#include "train/trainer.h"

namespace {

using namespace relatum;

std::atomic<int64_t> g_rung{0};

// Larger than the red zone and than what any generated kernel keeps on its stack.
void ring(int) {
  volatile char litter[1 << 14];
  for (size_t i = 0; i < sizeof litter; i += 8) litter[i] = char(0xa5);
  ++g_rung;
}

void set_timer(bool on) {
  struct sigaction action {};
  action.sa_handler = ring;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  const itimerval timer{{0, on ? 1000 : 0}, {0, on ? 1000 : 0}};
  setitimer(ITIMER_REAL, &timer, nullptr);
}

std::vector<task::Example> sentences() {
  std::vector<task::Example> examples;
  for (const char* place : {"Rome", "a small town in the north", "Kyoto", "the old harbour"}) {
    const std::string text = "Bo Nilsen lives in " + std::string(place) + ".";
    examples.push_back({std::to_string(examples.size()),
                        text,
                        {0, 9, ""},
                        {19, 19 + int64_t(std::strlen(place)), ""},
                        "lives_in"});
  }
  return examples;
}

std::string bits_of(const void* data, size_t size) {
  return {static_cast<const char*>(data), size};
}

// All that a host computes, from the files to the last number, as bytes.
std::string work(const std::string& model, const std::string& embedder) {
  engine::Session session(model, {.base = "f32"});
  const task::PromptRenderer renderer(task::load_style("compact"),
                                      task::Labels({"works_for", "lives_in", "founded"}));
  std::vector<task::Prompt> prompts;
  std::vector<std::string> texts;
  std::vector<train::TrainRow> rows;
  for (const task::Example& example : sentences()) {
    prompts.push_back(renderer.render(example));
    texts.push_back(example.text);
    train::TrainRow& row = rows.emplace_back();
    row.tokens = task::prompt_row(session, prompts.back(), false);
    row.prompt_length = int64_t(row.tokens.size());
    for (const int32_t token :
         engine::completion_tokens(session.tokenizer(), prompts.back().completion)) {
      row.tokens.push_back(token);
    }
  }
  train::Adapter adapter(session.model(), session.compute(), {.rank = 4}, 1);
  train::TrainOptions options;
  options.epochs = 4;
  options.batch.batch_tokens = 256;
  session.prepare_training();
  engine::Worker worker(session, &adapter.set());
  train::Trainer(worker, adapter, rows, options).run({}, {});
  std::string result = bits_of(adapter.values().data(), adapter.values().size_bytes());
  task::AnswerOptions answers;
  answers.keep_scores = true;
  for (const auto& answer : task::answer_prompts(worker, renderer, prompts, answers, {})) {
    for (const auto& [label, score] : answer.scores) result += bits_of(&score, sizeof score);
  }
  const auto vectors = retrieve::Embedder(embedder, "f32").embed(texts, {});
  for (int64_t i = 0; i < vectors.rows(); ++i) {
    result += bits_of(vectors.row(i), size_t(vectors.cols()) * sizeof(float));
  }
  return result;
}

int run(const std::string& model, const std::string& embedder, double seconds) {
  const std::string undisturbed = work(model, embedder);
  const auto start = std::chrono::steady_clock::now();
  int rounds = 0, wrong = 0;
  set_timer(true);
  for (double past = 0; seconds > 0 ? past < seconds : rounds < 3; ++rounds) {
    wrong += work(model, embedder) != undisturbed;
    past = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  set_timer(false);
  std::printf("%d rounds, %lld signals taken, %d rounds with other bits\n", rounds,
              static_cast<long long>(g_rung.load()), wrong);
  return wrong == 0 && g_rung > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: interrupted_host MODEL EMBEDDER [SECONDS]\n");
    return 2;
  }
  try {
    return run(argv[1], argv[2], argc > 3 ? std::atof(argv[3]) : 0);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "interrupted_host: %s\n", error.what());
    return 1;
  }
}
