// What looks wrong in examples that are sound one by one.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "task/example.h"
#include "task/labels.h"

namespace relatum::task {

/// One sentence for each kind: labels that differ by case alone, spans that cut a word, entities
/// that overlap, rows that stand there twice, and one text and pair with different labels. Each
/// counts the rows and names the first. `labels` is the inventory beside the data's own labels.
std::vector<std::string> data_warnings(std::span<const Example> examples, const Labels& labels);

}  // namespace relatum::task
