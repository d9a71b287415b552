// Teaches a model the relations of a corpus, and asks it about sentences: the whole in one page.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "jobs/answerer.h"
#include "jobs/extract.h"
#include "jobs/finetune.h"

namespace {

using namespace relatum;

// Lines of progress and warnings; a Host without them is silent.
jobs::Host told() {
  jobs::Host host;
  host.context.log = [](LogLevel, const std::string& line) { std::puts(line.c_str()); };
  return host;
}

void run(const std::string& model, const std::string& corpus, const std::string& folder) {
  const jobs::Host host = told();
  jobs::FinetuneOptions teach;  // the options of `relatum finetune`, with its defaults
  teach.model.model = model;
  teach.train = corpus;
  teach.out = folder;
  teach.training.epochs = 1;
  jobs::finetune(teach, host);

  jobs::ExtractOptions ask;  // what the run was trained with is known from its folder
  ask.adapter = folder;
  ask.input = corpus;
  ask.out = folder + "/predictions.jsonl";
  jobs::extract(ask, host);

  const jobs::ExtractSetup setup = jobs::settle_extract(ask, host);
  jobs::Answerer answerer(ask, setup, *setup.labels, host);
  // "Bo Nilsen" stands at code points 0 to 9, "Kestrel Airways" at 20 to 35.
  const std::vector<task::Example> sentences = {
      {"1", "Bo Nilsen flies for Kestrel Airways.", {0, 9, ""}, {20, 35, ""}, {}}};
  for (const task::Prediction& answer : answerer.answer(sentences)) {
    std::printf("answer: %s %.4f\n", answer.label->c_str(), *answer.probability);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: teach_and_ask MODEL CORPUS RUN\n"), 2;
  try {
    run(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "teach_and_ask: %s\n", error.what()), 1;
  }
}
