"""Restore many files: whole folders, films among them, on this machine or on others; `folder.restore_files`."""
