// The frame of a page that is one file: its template, its policy, and data within a script element.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace relatum::io {

/// Passes a template on to `put`, and calls `fill` in the place of each {{name}}; what that puts
/// there is not looked at again.
void fill_frame(std::string_view frame, const std::function<void(std::string_view)>& put,
                const std::function<void(std::string_view name)>& fill);

/// All that a page begins with, "<body>" included; `title` is HTML. Only these scripts will run.
std::string page_start(std::string_view title, std::string_view style,
                       std::span<const std::string_view> scripts);

/// A Content-Security-Policy by which nothing is fetched and no scripts run but these, each of
/// which is all that stands in its element.
std::string page_policy(std::span<const std::string_view> scripts);

/// JSON made safe between <script> and </script>: nothing in it can end the element or open
/// another, and what a program reads from it stays the same.
std::string escape_script(std::string_view json);

}  // namespace relatum::io
