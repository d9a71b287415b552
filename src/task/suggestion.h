// A text that is worth labelling, with what a model answers for its pairs.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "task/document.h"
#include "task/labels.h"
#include "task/uncertainty.h"

namespace relatum::task {

/// A pair of a text's entities that was asked, and the probabilities of all labels.
struct AskedPair {
  std::string head, tail;  ///< ids of entities
  std::vector<double> probabilities;
};

struct Suggestion {
  Document document;  ///< its relations are the model's answers
  std::vector<AskedPair> pairs;
  double value = 0;  ///< uncertainty of its most uncertain pair
};

/// Makes the likeliest label of each pair a relation of the document; ties to the earlier label. A
/// pair without a relation needs none of the label that says so, unless it is the only one that the
/// document asks (Document::pair).
void fill_in(Suggestion& suggestion, const Labels& labels,
             const std::optional<std::string>& negative);
/// The largest uncertainty of its pairs; 0 where it has none.
double most_uncertain(const std::vector<AskedPair>& pairs, Uncertainty by);

/// One row of JSON lines with its line end: a document, whose relations have a `probability`, with
/// the `value` and all `pairs`: {"head","tail","label","value","probabilities":{label: p}}.
std::string suggestion_line(const Suggestion& suggestion, const Labels& labels, Uncertainty by);

/// Several rows of one text as one document: the first row's id and text, and their entities, each
/// stretch and type once, as T1, T2 and so on.
Document merged_rows(std::span<const Document> rows);
/// The id that an entity of one of the rows has there.
const std::string& merged_id(const Document& merged, const Entity& entity);

}  // namespace relatum::task
