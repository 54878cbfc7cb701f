"""Pictures within a picture: fields of collages, what is framed, what stands on a page."""
