// The lines of one of brat's .ann files, and the document that they make of a text.
#pragma once

#include <string>
#include <string_view>

#include "task/document.h"
#include "task/row_sink.h"

namespace relatum::task {

/// Reads `annotation` onto `text` (which may begin with a byte-order mark) and hands the document
/// on. T lines are entities, R lines relations; an event's (E) trigger has a relation to each
/// of its arguments, by the role; * lines of Equiv make clusters; attributes, normalisations and
/// notes are passed over and counted. Bad lines go to rows.bad().
void read_brat(std::string_view text, std::string_view annotation, std::string id, RowSink& rows);

}  // namespace relatum::task
