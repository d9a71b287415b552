// Definitions of these options.
#include "app/start_options.h"

#include <CLI/CLI.hpp>

namespace relatum::app {

void define_start(CLI::App& app, jobs::FinetuneOptions& o) {
  app.add_option(
         "--init-adapter", o.init_adapter,
         "Start from this adapter instead of a new one: a run, a folder in PEFT's "
         "layout, or a GGUF file. Data, labels, epochs and rate are this run's own; rank, alpha "
         "and targets come from the adapter, and from a run also the model, --base, style and "
         "--chat where none is given. A run's base must be the same file; --force passes "
         "over that")
      ->group("Adapter");
}

void define_balance(CLI::App& app, jobs::FinetuneOptions& o) {
  app.add_option("--negatives", o.negatives,
                 "Of the rows without a relation, train in each epoch on at most RATIO times as "
                 "many as there are others, drawn anew each time (default: all of them). Their "
                 "label is no_relation or Other, or what --negative says")
      ->option_text("RATIO")
      ->check(CLI::NonNegativeNumber)
      ->group("Data");
  app.add_option("--label-weights", o.label_weights,
                 "How much a row counts in the loss, by its label: balanced (n / (k n_c): each of "
                 "k labels as much as any other, whatever its n_c of n rows), or a JSON file "
                 "{label: weight}, 1 for labels that it leaves out. The loss is divided by the "
                 "sum of the weights; scores on dev data know no weights")
      ->option_text("balanced|FILE")
      ->group("Data");
  app.add_option("--folds", o.folds,
                 "For small data: cut the training data into K parts with the same share of each "
                 "label (equal sentences stay together), train K adapters, each scored on the "
                 "part that it did not see, in OUT/fold-1 and so on; prints mean, deviation and "
                 "interval, and writes the answers for all rows to OUT/predictions.jsonl")
      ->option_text("K")
      ->check(CLI::Range(int64_t{2}, int64_t{1000}))
      ->group("Data");
}

}  // namespace relatum::app
