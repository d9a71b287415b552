// Figures of a report as they stand in tables for the terminal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "task/confusion.h"
#include "task/interval.h"

namespace relatum::task {

/// In per cent, six characters wide.
std::string percent_text(double fraction);
/// Precision, recall and F1 in per cent, as columns.
std::string figures_text(const Scores& scores);
/// How many mistakes of a kind there are, a line; "" where there is none.
std::string kind_line(int64_t count, std::string_view kind);
/// The headline figure's interval over draws of `unit`s, or why there is none: a line behind two
/// blanks, with its line end. "" where none was drawn.
std::string interval_line(const std::optional<Interval>& interval, std::string_view unit);

}  // namespace relatum::task
